{# A date moved by a number of days (an expression). #}
{% macro plus_days(day, days) %}{{ return(adapter.dispatch('plus_days', 'plumbline')(day, days)) }}{% endmacro %}

{% macro default__plus_days(day, days) %}{{ no_engine_body('plus_days') }}{% endmacro %}

{% macro duckdb__plus_days(day, days) -%}
({{ day }} + ({{ days }})::integer)
{%- endmacro %}

{% macro clickhouse__plus_days(day, days) -%}
addDays({{ day }}, {{ days }})
{%- endmacro %}
