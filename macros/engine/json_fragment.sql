{# The raw JSON of property `key` (SQL text expression) inside object `container` (SQL text expression, '' = the document
   itself): a string keeps its quotes, so that "12" never counts as a number. NULL when the key is absent. #}
{% macro json_fragment(json, container, key) %}{{ return(adapter.dispatch('json_fragment', 'plumbline')(json, container, key)) }}{% endmacro %}

{% macro default__json_fragment(json, container, key) %}{{ no_engine_body('json_fragment') }}{% endmacro %}

{% macro duckdb__json_fragment(json, container, key) -%}
json_extract({{ json }}, {{ duckdb_json_path(container, key) }})::varchar
{%- endmacro %}

{% macro duckdb_json_path(container, key) -%}
case when {{ container }} = '' then '$."' else '$."' || {{ container }} || '"."' end || {{ key }} || '"'
{%- endmacro %}

{% macro clickhouse__json_fragment(json, container, key) -%}
{%- set text = clickhouse_json_call('JSONExtractRaw', json, container, key) -%}
nullIf({% if container == "''" -%}
if(
    startsWith({{ text }}, '{') and match({{ text }}, '"-?[0-9]{19,}"'),
    concat('{', arrayStringConcat(arrayMap(
        member -> concat(toJSONString(member.1), ':', member.2), {{ clickhouse_json_members("ifNull(" ~ json ~ ", '')", key, 'member') }}
    ), ','), '}'),
    {{ clickhouse_json_exact(text, json, container, key) }}
)
{%- else -%}
{{ clickhouse_json_exact(text, json, container, key) }}
{%- endif %}, '')
{%- endmacro %}

{# A function of the JSON family on property `key` inside `container`; `type` when it takes one. #}
{% macro clickhouse_json_call(function, json, container, key, type=none) -%}
{%- set last = ", '" ~ type ~ "')" if type else ')' -%}
{%- if container == "''" -%}
{{ function }}({{ json }}, {{ key }}{{ last }}
{%- else -%}
if({{ container }} = '', {{ function }}({{ json }}, {{ key }}{{ last }}, {{ function }}({{ json }}, {{ container }}, {{ key }}{{ last }})
{%- endif -%}
{%- endmacro %}

{# ClickHouse writes 12.0 as 12 and puts integers beyond 64 bits in quotes; other engines keep them as sent. #}
{% macro clickhouse_json_exact(text, json, container, key) -%}
multiIf(
    match({{ text }}, '^-?[0-9]+$') and {{ clickhouse_json_call('JSONType', json, container, key) }} = 'Double', concat({{ text }}, '.0'),
    match({{ text }}, '^"-?[0-9]{19,}"$') and position({{ json }}, {{ text }}) = 0, trim(both '"' from {{ text }}),
    {{ text }}
)
{%- endmacro %}
