{# Whether a list holds every value of another list. #}
{% macro list_has_every(list, values) %}{{ return(adapter.dispatch('list_has_every', 'plumbline')(list, values)) }}{% endmacro %}

{% macro default__list_has_every(list, values) %}{{ no_engine_body('list_has_every') }}{% endmacro %}

{% macro duckdb__list_has_every(list, values) -%}
list_has_all({{ list }}, {{ values }})
{%- endmacro %}

{% macro clickhouse__list_has_every(list, values) -%}
hasAll({{ list }}, {{ values }})
{%- endmacro %}
