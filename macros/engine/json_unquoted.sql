{# The text inside a JSON fragment: a string loses its quotes and escapes, anything else stays as it is. #}
{% macro json_unquoted(fragment) %}{{ return(adapter.dispatch('json_unquoted', 'plumbline')(fragment)) }}{% endmacro %}

{% macro default__json_unquoted(fragment) %}{{ no_engine_body('json_unquoted') }}{% endmacro %}

{% macro duckdb__json_unquoted(fragment) -%}
case
    when {{ fragment }} not like '"%' then {{ fragment }}
    when contains({{ fragment }}, '\') then json_extract_string({{ fragment }}, '$')
    else substr({{ fragment }}, 2, length({{ fragment }}) - 2)
end
{%- endmacro %}

{% macro clickhouse__json_unquoted(fragment) -%}
multiIf(
    not startsWith({{ fragment }}, '"'), {{ fragment }},
    position({{ fragment }}, '\\') > 0, JSONExtractString({{ fragment }}),
    substring({{ fragment }}, 2, length({{ fragment }}) - 2)
)
{%- endmacro %}
