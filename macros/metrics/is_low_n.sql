{# Whether a rate stands on fewer observations than the plan's `n_min` (X-21): the value is kept and flagged. #}
{% macro is_low_n(denominator) -%}
coalesce({{ denominator }} < {{ plan_setting('n_min') }}, false)
{%- endmacro %}
