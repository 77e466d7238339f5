{# In a select list: one row per member of the object at `container` ('' = the document itself), as `member_key` and
   `member_value` (raw JSON, as json_fragment). Reading all members at once parses a document twice; a look-up per property
   parses it once per property. #}
{% macro json_members(json, container) %}{{ return(adapter.dispatch('json_members', 'plumbline')(json, container)) }}{% endmacro %}

{% macro default__json_members(json, container) %}{{ no_engine_body('json_members') }}{% endmacro %}

{% macro duckdb__json_members(json, container) -%}
{%- set object = json -%}
{%- if container != "''" -%}
    {%- set object = 'case when ' ~ container ~ " = '' then " ~ json ~ ' else ' ~ json_fragment(json, "''", container) ~ ' end' -%}
{%- endif -%}
unnest(json_keys({{ object }})) as member_key,
unnest(json_extract({{ object }}, '$.*')::varchar[]) as member_value
{%- endmacro %}

{# Two calls that make rows would not keep a key beside its value: the pairs become rows, then columns. -#}
{% macro clickhouse__json_members(json, container) -%}
arrayJoin({{ clickhouse_json_members("ifNull(" ~ json ~ ", '')", container, 'member') }}) as json_member,
json_member.1 as member_key,
json_member.2 as member_value
{%- endmacro %}

{# The members of an object as pairs (key, JSON text); `member` names the pair inside. #}
{% macro clickhouse_json_members(json, container, member) -%}
arrayMap(
    {{ member }} -> ({{ member }}.1, {{ clickhouse_json_exact(member ~ '.2', json, container, member ~ '.1') }}),
    {% if container == "''" -%}
    JSONExtractKeysAndValuesRaw({{ json }})
    {%- else -%}
    if({{ container }} = '', JSONExtractKeysAndValuesRaw({{ json }}), JSONExtractKeysAndValuesRaw({{ json }}, ifNull({{ container }}, '')))
    {%- endif %}
)
{%- endmacro %}
