-- One row per product and person who was ever active: the first day of activity, and the day of the first lapse.
-- A person lapses `churn_days` after an activity that no other follows by then.
with active_days as (
    select * from {{ ref('active_days') }}
),

clock as (
    select product, as_of_date from {{ ref('reporting_clock') }}
),

stays as (
    select
        *,
        {{ plus_days('active_date', plan_setting('churn_days')) }} as lapses_on
    from active_days
)

select
    stays.product as product,
    stays.person_key as person_key,
    min(stays.active_date) as first_date,
    min(case when coalesce(stays.next_date > stays.lapses_on, true) and stays.lapses_on <= clock.as_of_date then stays.lapses_on end) as lapsed_date,
    max(clock.as_of_date) as as_of_date
from stays
inner join clock on stays.product = clock.product
group by stays.product, stays.person_key
