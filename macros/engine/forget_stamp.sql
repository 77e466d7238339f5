{# Whatever dbt does to a database, it no longer holds the full, passing build that its stamp vouched for. #}
{% macro forget_stamp() %}{{ return(adapter.dispatch('forget_stamp', 'plumbline')()) }}{% endmacro %}

{% macro default__forget_stamp() %}{{ no_engine_body('forget_stamp') }}{% endmacro %}

{% macro duckdb__forget_stamp() %}drop table if exists plumbline.build_stamp{% endmacro %}

{# Nothing is published from ClickHouse itself: the stamp is on the copy of the marts that a passing build left. #}
{% macro clickhouse__forget_stamp() %}{% endmacro %}
