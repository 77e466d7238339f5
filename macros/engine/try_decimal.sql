{# Text as an exact decimal with `scale` digits after the point; NULL when it is not a number. Money is never read as a float. #}
{% macro try_decimal(text, scale) %}{{ return(adapter.dispatch('try_decimal', 'plumbline')(text, scale)) }}{% endmacro %}

{% macro default__try_decimal(text, scale) %}{{ no_engine_body('try_decimal') }}{% endmacro %}

{% macro duckdb__try_decimal(text, scale) -%}
try_cast({{ text }} as decimal(38, {{ scale }}))
{%- endmacro %}

{# The cast to a decimal cuts digits off where others round, takes `-` and `1.5.5` for numbers, and fails on large ones. -#}
{% macro clickhouse__try_decimal(text, scale) -%}
if(
    isNull(toFloat64OrNull(trimBoth({{ text }}))),
    null,
    accurateCastOrNull(round(toDecimal256OrNull(trimBoth({{ text }}), {{ scale + 12 }}), {{ scale }}), 'Decimal(38, {{ scale }})')
)
{%- endmacro %}
