{# The one order of events that share a time (X-22): time, arrival, the plan's order of events, key. #}
{% macro event_order(relation) -%}
{{ relation }}.occurred_at, {{ relation }}.received_at, {{ relation }}.plan_order, {{ relation }}.event_key
{%- endmacro %}
