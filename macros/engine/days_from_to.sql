{# The days from one date to another, both included, as a list of dates; empty when the first is later or either is NULL. #}
{% macro days_from_to(first_day, last_day) %}{{ return(adapter.dispatch('days_from_to', 'plumbline')(first_day, last_day)) }}{% endmacro %}

{% macro default__days_from_to(first_day, last_day) %}{{ no_engine_body('days_from_to') }}{% endmacro %}

{% macro duckdb__days_from_to(first_day, last_day) -%}
(generate_series({{ first_day }}, {{ last_day }}, interval '1 day')::date[])
{%- endmacro %}

{# Lists of dates come from lists of numbers; a list is never NULL. -#}
{% macro clickhouse__days_from_to(first_day, last_day) -%}
arrayMap(
    day_number -> addDays(assumeNotNull({{ first_day }}), day_number),
    range(toUInt64(greatest(0, ifNull(dateDiff('day', {{ first_day }}, {{ last_day }}) + 1, 0))))
)
{%- endmacro %}
