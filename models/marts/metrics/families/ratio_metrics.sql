-- One row per metric, product, local day and segment value: ratios of events, under the keys that the plan gives them.
with ratios as (
    select * from {{ ref('event_ratios_daily') }}
)

select
    metric_key,
    product,
    date_day,
    'all' as segment,
    'all' as segment_value,
    cast(numerator as {{ double_type() }}) as numerator,
    cast(denominator as {{ double_type() }}) as denominator,
    event_ratio as value,
    true as is_mature
from ratios
