{# The items of a list that another list does not hold. #}
{% macro list_minus(list, other) %}{{ return(adapter.dispatch('list_minus', 'plumbline')(list, other)) }}{% endmacro %}

{% macro default__list_minus(list, other) %}{{ no_engine_body('list_minus') }}{% endmacro %}

{% macro duckdb__list_minus(list, other) -%}
list_filter({{ list }}, lambda item: not list_contains({{ other }}, item))
{%- endmacro %}

{% macro clickhouse__list_minus(list, other) -%}
arrayFilter(item -> not has({{ other }}, item), {{ list }})
{%- endmacro %}
