{# Whether a local day lies in the window of `days` complete local days that ends with `last_day` (X-03). #}
{% macro in_window(day, last_day, days) -%}
({{ day }} <= {{ last_day }} and {{ day }} > {{ plus_days(last_day, '-' ~ days) }})
{%- endmacro %}
