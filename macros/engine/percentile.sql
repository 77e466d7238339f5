{# Aggregate: a percentile with linear interpolation between the two nearest values; 0.5 is the median. NULL for no values. #}
{% macro percentile(expression, fraction) %}{{ return(adapter.dispatch('percentile', 'plumbline')(expression, fraction)) }}{% endmacro %}

{% macro default__percentile(expression, fraction) %}{{ no_engine_body('percentile') }}{% endmacro %}

{% macro duckdb__percentile(expression, fraction) -%}
quantile_cont({{ expression }}, {{ fraction }})
{%- endmacro %}

{% macro clickhouse__percentile(expression, fraction) -%}
quantileExactInclusive({{ fraction }})({{ expression }})
{%- endmacro %}
