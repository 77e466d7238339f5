{# The same value, in a type that has room for NULL: what `lag` and `lead` find before the first row and after the last. #}
{% macro nullable(expression) %}{{ return(adapter.dispatch('nullable', 'plumbline')(expression)) }}{% endmacro %}

{% macro default__nullable(expression) %}{{ no_engine_body('nullable') }}{% endmacro %}

{% macro duckdb__nullable(expression) %}{{ expression }}{% endmacro %}

{# A column that cannot be NULL would answer with 1970-01-01, 0 or an empty text. #}
{% macro clickhouse__nullable(expression) %}toNullable({{ expression }}){% endmacro %}
