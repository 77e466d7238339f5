{# Day of the ISO week of a date: Monday 1 .. Sunday 7. #}
{% macro iso_weekday(day) %}{{ return(adapter.dispatch('iso_weekday', 'plumbline')(day)) }}{% endmacro %}

{% macro default__iso_weekday(day) %}{{ no_engine_body('iso_weekday') }}{% endmacro %}

{% macro duckdb__iso_weekday(day) %}isodow({{ day }}){% endmacro %}

{% macro clickhouse__iso_weekday(day) %}toDayOfWeek({{ day }}){% endmacro %}
