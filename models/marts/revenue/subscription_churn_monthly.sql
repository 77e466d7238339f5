-- One row per product and local calendar month: paying customers when the month began, and those of them gone at its end.
-- A customer of several subscriptions is gone when the last of them has ended. The running month ends with the as-of day.
with periods as (
    select * from {{ ref('subscription_periods') }} where is_paying and not is_same_day
),

events as (
    select product, person_key, event_date from {{ ref('events') }}
    where canonical_event = 'payment_failed' and is_analyzable and person_key is not null
),

days as (
    select
        product,
        date_day,
        cast({{ dbt.date_trunc('month', 'date_day') }} as {{ date_type() }}) as month
    from {{ ref('product_days') }}
),

products as (
    select distinct product from {{ ref('plan_subscription_events') }}
),

months as (
    select
        days.product as product,
        days.month as month,
        {{ plus_days('days.month', -1) }} as day_before,
        max(days.date_day) as last_day
    from days
    inner join products on days.product = products.product
    group by days.product, days.month
),

-- The last period of a subscription ends it; what follows on another closes none.
ends as (
    select
        product,
        subscription_key,
        max(customer) as customer,
        case when count(end_date) = count(*) then max(end_date) end as end_date
    from periods
    group by product, subscription_key
),

customers as (
    select
        months.product as product,
        months.month as month,
        months.last_day as last_day,
        periods.customer,
        max(periods.person_key) as person_key,
        max(case when periods.start_date <= months.day_before and coalesce(periods.end_date > months.day_before, true) then 1 else 0 end) as was_there,
        max(case when coalesce(periods.end_date > months.last_day, true) then 1 else 0 end) as is_there,
        max(case when periods.end_date <= months.last_day then periods.end_date end) as end_date
    from periods
    inner join months on periods.product = months.product
    where periods.start_date <= months.last_day and coalesce(periods.end_date >= months.month, true)
    group by months.product, months.month, months.last_day, periods.customer
),

gone as (
    select
        customers.product as product,
        customers.month as month,
        customers.customer,
        max(case when events.event_date is not null then 1 else 0 end) as is_involuntary
    from customers
    left join events
        on
            customers.product = events.product
            and customers.person_key = events.person_key
            and customers.end_date >= events.event_date
            and {{ plus_days('customers.end_date', 'cast(-' ~ plan_setting('involuntary_churn_days') ~ ' as integer)') }} <= events.event_date
    where customers.was_there = 1 and customers.is_there = 0
    group by customers.product, customers.month, customers.customer
),

counted as (
    select
        months.product as product,
        months.month as month,
        months.last_day as last_day,
        coalesce(sum(customers.was_there), 0) as active_at_start,
        coalesce(sum(case when customers.was_there = 1 and customers.is_there = 0 then 1 else 0 end), 0) as churned_customers,
        coalesce(sum(gone.is_involuntary), 0) as involuntary_customers,
        coalesce(sum(customers.is_there), 0) as active_at_end
    from months
    left join customers on months.product = customers.product and months.month = customers.month
    left join gone
        on
            customers.product = gone.product
            and customers.month = gone.month
            and customers.customer = gone.customer
    group by months.product, months.month, months.last_day
),

canceled as (
    select
        months.product as product,
        months.month as month,
        count(*) as canceled_subscriptions
    from ends
    inner join months on ends.product = months.product
    where ends.end_date >= months.month and ends.end_date <= months.last_day
    group by months.product, months.month
)

select
    counted.product as product,
    counted.month as month,
    counted.last_day as last_day,
    cast({{ dbt.date_trunc('month', plus_days('counted.last_day', 1)) }} as {{ date_type() }}) <> counted.month as is_complete,
    cast(counted.active_at_start as bigint) as active_at_start,
    cast(counted.active_at_end as bigint) as active_at_end,
    cast(counted.churned_customers as bigint) as churned_customers,
    cast(counted.churned_customers - counted.involuntary_customers as bigint) as voluntary_customers,
    cast(counted.involuntary_customers as bigint) as involuntary_customers,
    cast(coalesce(canceled.canceled_subscriptions, 0) as bigint) as canceled_subscriptions,
    {{ rate('counted.churned_customers', 'counted.active_at_start') }} as churn_rate,
    {{ rate('coalesce(canceled.canceled_subscriptions, 0)', 'counted.active_at_start') }} as cancel_ratio_seed
from counted
left join canceled on counted.product = canceled.product and counted.month = canceled.month
