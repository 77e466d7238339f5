{# In a select list: one row per item of a list. #}
{% macro list_items(list) %}{{ return(adapter.dispatch('list_items', 'plumbline')(list)) }}{% endmacro %}

{% macro default__list_items(list) %}{{ no_engine_body('list_items') }}{% endmacro %}

{% macro duckdb__list_items(list) -%}
unnest({{ list }})
{%- endmacro %}

{% macro clickhouse__list_items(list) -%}
arrayJoin({{ list }})
{%- endmacro %}
