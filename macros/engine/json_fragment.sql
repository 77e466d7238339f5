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
