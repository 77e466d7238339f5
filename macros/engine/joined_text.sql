{# Aggregate: the texts of a group joined by a separator, in order of `by`. #}
{% macro joined_text(text, separator, by) %}{{ return(adapter.dispatch('joined_text', 'plumbline')(text, separator, by)) }}{% endmacro %}

{% macro default__joined_text(text, separator, by) %}{{ no_engine_body('joined_text') }}{% endmacro %}

{% macro duckdb__joined_text(text, separator, by) -%}
string_agg({{ text }}, '{{ separator }}' order by {{ by }})
{%- endmacro %}

{# Aggregates take no `order by` here: the pairs (order, text) are collected and sorted. NULL when there is no text. -#}
{% macro clickhouse__joined_text(text, separator, by) -%}
if(
    count({{ text }}) = 0,
    null,
    arrayStringConcat(
        arrayMap(pair -> pair.2, arraySort(groupArrayIf(({{ by }}, {{ text }}), isNotNull({{ text }})))), '{{ separator }}'
    )
)
{%- endmacro %}
