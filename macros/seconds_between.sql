{# Seconds from one UTC timestamp to another, with fractions. #}
{% macro seconds_between(from_ts, to_ts) -%}
({{ epoch_microseconds(to_ts) }} - {{ epoch_microseconds(from_ts) }}) / 1000000.0
{%- endmacro %}
