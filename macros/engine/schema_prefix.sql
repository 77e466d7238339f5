{# What stands before the name of a schema. A schema is a database of its own in ClickHouse, where one server may hold the
   warehouses of several teams or trials; elsewhere it lies in a database that is all ours. #}
{% macro schema_prefix() %}{{ return(adapter.dispatch('schema_prefix', 'plumbline')()) }}{% endmacro %}

{% macro default__schema_prefix() %}{{ no_engine_body('schema_prefix') }}{% endmacro %}

{% macro duckdb__schema_prefix() %}{% endmacro %}

{% macro clickhouse__schema_prefix() %}{{ env_var('PLUMBLINE_CLICKHOUSE_PREFIX', '') }}{% endmacro %}
