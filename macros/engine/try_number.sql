{# Text as a finite double; NULL when it is not a number. Engines read 'nan', 'inf' and overflow as numbers: those are NULL too. #}
{% macro try_number(text) %}{{ return(adapter.dispatch('try_number', 'plumbline')(text)) }}{% endmacro %}

{% macro default__try_number(text) %}{{ no_engine_body('try_number') }}{% endmacro %}

{% macro duckdb__try_number(text) -%}
case when isfinite(try_cast({{ text }} as double)) then try_cast({{ text }} as double) end
{%- endmacro %}

{% macro clickhouse__try_number(text) -%}
if(isFinite(toFloat64OrNull(trimBoth({{ text }}))), toFloat64OrNull(trimBoth({{ text }})), null)
{%- endmacro %}
