-- A ratio of events names events and a metric of its product.
with ratios as (
    select * from {{ ref('plan_event_ratios') }}
),

events as (
    select product, event_name from {{ ref('plan_events') }}
),

metrics as (
    select metric_key, product from {{ ref('plan_metrics') }}
)

select
    ratios.metric_key,
    ratios.product
from ratios
left join events as above on ratios.product = above.product and ratios.numerator_event = above.event_name
left join events as below on ratios.product = below.product and ratios.denominator_event = below.event_name
left join metrics on ratios.product = metrics.product and ratios.metric_key = metrics.metric_key
where above.event_name is null or below.event_name is null or metrics.metric_key is null
