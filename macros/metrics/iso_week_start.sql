{# Monday of the ISO week of a local day (X-23). #}
{% macro iso_week_start(day) -%}
{{ plus_days(day, '-(' ~ iso_weekday(day) ~ ' - 1)') }}
{%- endmacro %}
