-- One row per metric, product, local day and segment value: what is paid and by how many.
with payments as (
    select * from {{ ref('payments_daily') }}
),

days as (
    select * from {{ ref('product_days') }}
),

plan as (
    select * from {{ ref('plan_metrics') }} where status = 'built'
),

-- A day without payments is a zero in every product that can have them.
payers as (
    select
        days.product as product,
        days.date_day as date_day,
        coalesce(sum(payments.new_paying_users), 0) as new_paying_users
    from days
    inner join plan on days.product = plan.product and plan.metric_key = 'new_paying_users'
    left join payments on days.product = payments.product and days.date_day = payments.date_day
    group by days.product, days.date_day
)

{{ tidy_metrics('payers', {
    'new_paying_users': ['new_paying_users', none, none],
}) }}
