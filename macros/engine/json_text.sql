{# The value of property `key` inside object `container` (as json_fragment) as text without quotes; NULL when absent or null. #}
{% macro json_text(json, container, key) %}{{ return(adapter.dispatch('json_text', 'plumbline')(json, container, key)) }}{% endmacro %}

{% macro default__json_text(json, container, key) %}{{ no_engine_body('json_text') }}{% endmacro %}

{% macro duckdb__json_text(json, container, key) -%}
json_extract_string({{ json }}, {{ duckdb_json_path(container, key) }})
{%- endmacro %}

{# JSONExtractString would lose numbers and booleans; the typed form keeps them as text. -#}
{% macro clickhouse__json_text(json, container, key) -%}
{{ clickhouse_json_exact(clickhouse_json_call('JSONExtract', json, container, key, 'Nullable(String)'), json, container, key) }}
{%- endmacro %}
