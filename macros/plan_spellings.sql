{# The texts that mean one of the named values of an enum property: the values themselves and their aliases in the plan.
   For `in` where a name has to be decided before values are judged. #}
{% macro plan_spellings(product, property, values) -%}
(
    select raw_value from {{ ref('plan_value_aliases') }}
    where product = '{{ product }}' and property = '{{ property }}' and value in ('{{ values | join("', '") }}')
    {% for value in values -%}
    union all
    select '{{ value }}' as raw_value
    {% endfor -%}
)
{%- endmacro %}
