{# Metrics of one mart as tidy rows. `metrics` maps a metric key to [numerator, denominator, value], SQL over the relation;
   a count has the numerator only, and its value is the numerator. #}
{% macro tidy_metrics(relation, metrics, segment="'all'", segment_value="'all'", is_mature='true') -%}
{% for metric_key, parts in metrics.items() -%}
select
    '{{ metric_key }}' as metric_key,
    product,
    date_day,
    {{ segment }} as segment,
    {{ segment_value }} as segment_value,
    cast({{ parts[0] }} as {{ double_type() }}) as numerator,
    cast({{ parts[1] or 'null' }} as {{ double_type() }}) as denominator,
    cast({{ parts[2] or parts[0] }} as {{ double_type() }}) as value,
    {{ is_mature }} as is_mature
from {{ relation }}
{%- if not loop.last %}
union all
{% endif %}
{%- endfor %}
{%- endmacro %}
