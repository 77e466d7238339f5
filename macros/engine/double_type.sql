{# The 64-bit float type; `dbt.type_float()` is 32 bits on some engines. #}
{% macro double_type() %}{{ return(adapter.dispatch('double_type', 'plumbline')()) }}{% endmacro %}

{% macro default__double_type() %}{{ no_engine_body('double_type') }}{% endmacro %}

{% macro duckdb__double_type() %}double{% endmacro %}

{% macro clickhouse__double_type() %}Float64{% endmacro %}
