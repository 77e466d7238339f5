-- One row per product, local day and channel ever seen in the product: registrations by first and by last touch.
with registrations as (
    select * from {{ ref('registration_touches') }}
),

days as (
    select * from {{ ref('product_days') }}
),

touches as (
    select product, event_date, first_channel as channel, 1 as first_touch, 0 as last_touch from registrations
    union all
    select product, event_date, last_channel as channel, 0 as first_touch, 1 as last_touch from registrations
),

channels as (
    select distinct product, channel from touches
),

counted as (
    select
        product,
        event_date,
        channel,
        sum(first_touch) as first_touch_registrations,
        sum(last_touch) as last_touch_registrations
    from touches
    group by product, event_date, channel
)

select
    days.product as product,
    days.date_day as date_day,
    channels.channel as channel,
    cast(coalesce(counted.first_touch_registrations, 0) as bigint) as first_touch_registrations,
    cast(coalesce(counted.last_touch_registrations, 0) as bigint) as last_touch_registrations
from days
inner join channels on days.product = channels.product
left join counted
    on days.product = counted.product and days.date_day = counted.event_date and channels.channel = counted.channel
