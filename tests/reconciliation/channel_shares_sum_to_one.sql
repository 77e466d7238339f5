-- The channels of a day are all of its registrations, and their shares are one.
with acquisition as (
    select * from {{ ref('acquisition_daily') }}
),

registrations as (
    select product, event_date, count(*) as people from {{ ref('registrations') }}
    group by product, event_date
),

days as (
    select
        product,
        date_day,
        sum(registrations) as registrations,
        sum(share) as share
    from acquisition
    group by product, date_day
)

select
    days.product,
    days.date_day,
    days.registrations,
    days.share
from days
left join registrations on days.product = registrations.product and days.date_day = registrations.event_date
where
    days.registrations <> coalesce(registrations.people, 0)
    or (days.registrations > 0 and coalesce(abs(days.share - 1), 1) > 1e-9)
    or (days.registrations = 0 and days.share is not null)
