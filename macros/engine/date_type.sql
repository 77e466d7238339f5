{# The type for a calendar day. ClickHouse's plain Date ends in 2149, and 9999-12-31 would wrap. #}
{% macro date_type() %}{{ return(adapter.dispatch('date_type', 'plumbline')()) }}{% endmacro %}

{% macro default__date_type() %}{{ no_engine_body('date_type') }}{% endmacro %}

{% macro duckdb__date_type() %}date{% endmacro %}

{% macro clickhouse__date_type() %}Date32{% endmacro %}
