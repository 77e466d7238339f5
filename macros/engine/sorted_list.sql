{# Aggregate: the distinct texts of a group as a list, in order of `by`. #}
{% macro sorted_list(text, by=none) %}{{ return(adapter.dispatch('sorted_list', 'plumbline')(text, by or text)) }}{% endmacro %}

{% macro default__sorted_list(text, by) %}{{ no_engine_body('sorted_list') }}{% endmacro %}

{% macro duckdb__sorted_list(text, by) -%}
list({{ text }} order by {{ by }})
{%- endmacro %}

{# Aggregates take no `order by` here: the pairs (order, text) are collected and sorted. -#}
{% macro clickhouse__sorted_list(text, by) -%}
arrayMap(pair -> pair.2, arraySort(groupArray(({{ by }}, assumeNotNull({{ text }})))))
{%- endmacro %}
