{# A ratio as a double: NULL when the denominator is 0 or NULL, never clipped (X-09). #}
{% macro rate(numerator, denominator) -%}
cast({{ numerator }} as {{ double_type() }}) / nullif(cast({{ denominator }} as {{ double_type() }}), 0)
{%- endmacro %}
