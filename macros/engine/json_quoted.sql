{# A text as a JSON string. #}
{% macro json_quoted(text) %}{{ return(adapter.dispatch('json_quoted', 'plumbline')(text)) }}{% endmacro %}

{% macro default__json_quoted(text) %}{{ no_engine_body('json_quoted') }}{% endmacro %}

{% macro duckdb__json_quoted(text) -%}
to_json({{ text }})::varchar
{%- endmacro %}

{% macro clickhouse__json_quoted(text) -%}
toJSONString({{ text }})
{%- endmacro %}
