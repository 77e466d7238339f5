{# A timestamp moved by a number of minutes (an expression). The local day of a product is `cast(plus_minutes(utc, offset) as date)`. #}
{% macro plus_minutes(ts, minutes) %}{{ return(adapter.dispatch('plus_minutes', 'plumbline')(ts, minutes)) }}{% endmacro %}

{% macro default__plus_minutes(ts, minutes) %}{{ no_engine_body('plus_minutes') }}{% endmacro %}

{% macro duckdb__plus_minutes(ts, minutes) -%}
({{ ts }} + to_minutes(({{ minutes }})::bigint))
{%- endmacro %}

{% macro clickhouse__plus_minutes(ts, minutes) -%}
addMinutes({{ ts }}, {{ minutes }})
{%- endmacro %}
