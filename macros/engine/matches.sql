{# Whether a text contains a match of an RE2 pattern (a SQL text expression). #}
{% macro matches(text, pattern) %}{{ return(adapter.dispatch('matches', 'plumbline')(text, pattern)) }}{% endmacro %}

{% macro default__matches(text, pattern) %}{{ no_engine_body('matches') }}{% endmacro %}

{% macro duckdb__matches(text, pattern) -%}
regexp_matches({{ text }}, {{ pattern }})
{%- endmacro %}

{# By default `.` would match a line break here. -#}
{% macro clickhouse__matches(text, pattern) -%}
match({{ text }}, concat('(?-s)', {{ pattern }}))
{%- endmacro %}
