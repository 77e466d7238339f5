{# 'not_evaluable' when an input of the metric is not collected, 'no_data' when there was nothing to measure, else 'ok'. #}
{% macro evaluability(value, is_collected) -%}
case when not {{ is_collected }} then 'not_evaluable' when {{ value }} is null then 'no_data' else 'ok' end
{%- endmacro %}
