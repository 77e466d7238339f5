{# The type for a UTC timestamp with microseconds. ClickHouse's plain timestamp has whole seconds and the server's time zone. #}
{% macro timestamp_type() %}{{ return(adapter.dispatch('timestamp_type', 'plumbline')()) }}{% endmacro %}

{% macro default__timestamp_type() %}{{ no_engine_body('timestamp_type') }}{% endmacro %}

{% macro duckdb__timestamp_type() %}timestamp{% endmacro %}

{% macro clickhouse__timestamp_type() %}DateTime64(6, 'UTC'){% endmacro %}
