{# How many there are at the end of each day: what was added and taken away on the days of a partition until then. #}
{% macro running_total(change, partition, day) -%}
cast(sum(coalesce({{ change }}, 0)) over (partition by {{ partition }} order by {{ day }}) as bigint)
{%- endmacro %}
