{# Whether a list holds a value. #}
{% macro list_has(list, value) %}{{ return(adapter.dispatch('list_has', 'plumbline')(list, value)) }}{% endmacro %}

{% macro default__list_has(list, value) %}{{ no_engine_body('list_has') }}{% endmacro %}

{% macro duckdb__list_has(list, value) -%}
list_contains({{ list }}, {{ value }})
{%- endmacro %}

{# `has` calls NULL a value that the list does not hold; the models count on NULL in, NULL out. -#}
{% macro clickhouse__list_has(list, value) -%}
if(isNull({{ value }}), null, has({{ list }}, {{ value }}))
{%- endmacro %}
