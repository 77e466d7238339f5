-- What is reported to the ad platform is an event of its product.
with conversions as (
    select product, event_name from {{ ref('plan_ad_conversions') }}
),

events as (
    select product, event_name from {{ ref('plan_events') }}
)

select
    conversions.product,
    conversions.event_name
from conversions
left join events on conversions.product = events.product and conversions.event_name = events.event_name
where events.event_name is null
