{# Number of items of a list. #}
{% macro list_size(list) %}{{ return(adapter.dispatch('list_size', 'plumbline')(list)) }}{% endmacro %}

{% macro default__list_size(list) %}{{ no_engine_body('list_size') }}{% endmacro %}

{% macro duckdb__list_size(list) -%}
len({{ list }})
{%- endmacro %}

{% macro clickhouse__list_size(list) -%}
length({{ list }})
{%- endmacro %}
