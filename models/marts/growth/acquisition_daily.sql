-- One row per product, local day and channel ever seen in the product: who registered through it.
with registrations as (
    select * from {{ ref('registrations') }}
),

days as (
    select * from {{ ref('product_days') }}
),

channels as (
    select distinct product, channel from registrations
),

came as (
    select
        product,
        event_date,
        channel,
        count(*) as registrations
    from registrations
    group by product, event_date, channel
),

counted as (
    select
        days.product as product,
        days.date_day as date_day,
        channels.channel as channel,
        coalesce(came.registrations, 0) as registrations,
        sum(coalesce(came.registrations, 0)) over (partition by days.product, days.date_day) as all_registrations
    from days
    inner join channels on days.product = channels.product
    left join came
        on days.product = came.product and days.date_day = came.event_date and channels.channel = came.channel
)

select
    product,
    date_day,
    channel,
    cast(registrations as bigint) as registrations,
    cast(all_registrations as bigint) as all_registrations,
    {{ rate('registrations', 'all_registrations') }} as share
from counted
