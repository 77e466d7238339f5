{# The most steps that a funnel of the plan can have: funnels are computed a step at a time, and the plan is held to it. #}
{% macro max_funnel_steps() %}{{ return(8) }}{% endmacro %}
