-- One row per product, day of registration and number of days since: who of those registered then did a core action that day.
with registrations as (
    select * from {{ ref('registrations') }}
),

registrant_days as (
    select * from {{ ref('registrant_days') }} where is_core_action
),

days as (
    select * from {{ ref('product_days') }}
),

clock as (
    select product, as_of_date from {{ ref('reporting_clock') }}
),

registered as (
    select
        product,
        event_date,
        count(*) as people
    from registrations
    group by product, event_date
),

products as (
    select distinct product from registrations
),

returned as (
    select
        product,
        cohort_date,
        day_number,
        count(distinct person_key) as people
    from registrant_days
    group by product, cohort_date, day_number
),

cohorts as (
    select
        days.product as product,
        days.date_day as cohort_date,
        coalesce(registered.people, 0) as cohort_size,
        clock.as_of_date as as_of_date,
        least({{ plus_days('days.date_day', plan_setting('retention_max_days')) }}, clock.as_of_date) as last_date
    from days
    inner join products on days.product = products.product
    inner join clock on days.product = clock.product
    left join registered on days.product = registered.product and days.date_day = registered.event_date
),

cells as (
    select
        product,
        cohort_date,
        cohort_size,
        as_of_date,
        {{ list_items(days_from_to('cohort_date', 'last_date')) }} as return_date
    from cohorts
),

numbered as (
    select
        *,
        cast({{ dbt.datediff('cohort_date', 'return_date', 'day') }} as integer) as day_number
    from cells
)

select
    numbered.product as product,
    numbered.cohort_date as cohort_date,
    numbered.day_number as day_number,
    cast(numbered.cohort_size as bigint) as cohort_size,
    cast(coalesce(returned.people, 0) as bigint) as retained_users,
    {{ rate('coalesce(returned.people, 0)', 'numbered.cohort_size') }} as retention_rate,
    numbered.return_date <= numbered.as_of_date as is_mature
from numbered
left join returned
    on
        numbered.product = returned.product
        and numbered.cohort_date = returned.cohort_date
        and numbered.day_number = returned.day_number
