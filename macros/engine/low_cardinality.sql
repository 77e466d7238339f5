{# A text of few different values: ClickHouse stores a dictionary when the type says so, DuckDB by itself. #}
{% macro low_cardinality(text) %}{{ return(adapter.dispatch('low_cardinality', 'plumbline')(text)) }}{% endmacro %}

{% macro default__low_cardinality(text) %}{{ no_engine_body('low_cardinality') }}{% endmacro %}

{% macro duckdb__low_cardinality(text) %}{{ text }}{% endmacro %}

{% macro clickhouse__low_cardinality(text) %}toLowCardinality({{ text }}){% endmacro %}
