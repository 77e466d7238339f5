-- One row per product, local day and currency seen in the product: what was paid and refunded that day, and by how many.
with payments as (
    select * from {{ ref('payments') }}
),

first_payments as (
    select * from {{ ref('first_payments') }}
),

registration_payments as (
    select * from {{ ref('registration_payments') }}
),

days as (
    select * from {{ ref('product_days') }}
),

clock as (
    select product, as_of_date from {{ ref('reporting_clock') }}
),

rates as (
    select
        product,
        currency,
        min(valid_from) as first_rate_date
    from {{ ref('reporting_rates') }}
    group by product, currency
),

currencies as (
    select distinct product, currency from payments
),

product_days as (
    select
        days.product as product,
        days.date_day as date_day,
        currencies.currency as currency,
        clock.as_of_date as as_of_date,
        not coalesce(rates.first_rate_date <= days.date_day, false) as is_rate_missing
    from days
    inner join currencies on days.product = currencies.product
    inner join clock on days.product = clock.product
    left join rates on currencies.product = rates.product and currencies.currency = rates.currency
),

new_payers as (
    select
        product,
        event_date as date_day,
        currency,
        count(*) as new_paying_users,
        sum(case when is_refunded then 0 else 1 end) as new_paying_users_net
    from first_payments
    group by product, event_date, currency
),

registered as (
    select
        product,
        event_date as date_day,
        count(*) as registrations
    from registration_payments
    group by product, event_date
),

converted as (
    select
        product,
        event_date as date_day,
        currency,
        sum(case when is_payer_7d then 1 else 0 end) as cohort_payers_7d,
        sum(case when is_payer_30d then 1 else 0 end) as cohort_payers_30d
    from registration_payments
    where currency is not null
    group by product, event_date, currency
),

moved as (
    select
        product,
        event_date as date_day,
        currency,
        sum(case when kind = 'payment' then amount_minor else 0 end) as gross_minor,
        sum(case when kind = 'refund' then amount_minor else 0 end) as refunded_minor,
        sum(case when kind = 'payment' then amount_reporting_minor else 0 end) as gross_reporting_minor,
        sum(case when kind = 'refund' then amount_reporting_minor else 0 end) as refunded_reporting_minor,
        sum(case when kind = 'payment' and amount_minor is not null then 1 else 0 end) as payments,
        sum(case when kind = 'refund' and amount_minor is not null then 1 else 0 end) as refunds,
        sum(case when amount_minor is null then 1 else 0 end) as unpriced_payments,
        count(distinct case when kind = 'payment' and is_above_zero then person_key end) as paying_users
    from payments
    group by product, event_date, currency
),

told as (
    select
        product_days.product as product,
        product_days.date_day as date_day,
        product_days.currency as currency,
        coalesce(moved.gross_minor, 0) as gross_minor,
        coalesce(moved.refunded_minor, 0) as refunded_minor,
        -- Without a rate the sums are not known; they are not zero.
        case when not product_days.is_rate_missing then coalesce(moved.gross_reporting_minor, 0) end as gross_reporting_minor,
        case when not product_days.is_rate_missing then coalesce(moved.refunded_reporting_minor, 0) end as refunded_reporting_minor,
        coalesce(moved.payments, 0) as payments,
        coalesce(moved.refunds, 0) as refunds,
        coalesce(moved.unpriced_payments, 0) as unpriced_payments,
        coalesce(moved.paying_users, 0) as paying_users,
        coalesce(new_payers.new_paying_users, 0) as new_paying_users,
        coalesce(new_payers.new_paying_users_net, 0) as new_paying_users_net,
        coalesce(registered.registrations, 0) as registrations,
        coalesce(converted.cohort_payers_7d, 0) as cohort_payers_7d,
        coalesce(converted.cohort_payers_30d, 0) as cohort_payers_30d,
        {{ plus_days('product_days.date_day', 7) }} <= product_days.as_of_date as is_mature_7d,
        {{ plus_days('product_days.date_day', 30) }} <= product_days.as_of_date as is_mature_30d,
        product_days.is_rate_missing as is_rate_missing
    from product_days
    {% for relation in ['moved', 'new_payers', 'converted'] %}
    left join {{ relation }}
        on
            product_days.product = {{ relation }}.product
            and product_days.date_day = {{ relation }}.date_day
            and product_days.currency = {{ relation }}.currency
    {% endfor %}
    left join registered
        on product_days.product = registered.product and product_days.date_day = registered.date_day
)

select
    product,
    date_day,
    currency,
    cast(gross_minor as bigint) as gross_minor,
    cast(refunded_minor as bigint) as refunded_minor,
    cast(gross_minor - refunded_minor as bigint) as net_minor,
    cast(gross_reporting_minor as bigint) as gross_reporting_minor,
    cast(refunded_reporting_minor as bigint) as refunded_reporting_minor,
    cast(gross_reporting_minor - refunded_reporting_minor as bigint) as net_reporting_minor,
    cast(payments as bigint) as payments,
    cast(refunds as bigint) as refunds,
    cast(unpriced_payments as bigint) as unpriced_payments,
    cast(paying_users as bigint) as paying_users,
    cast(new_paying_users as bigint) as new_paying_users,
    cast(new_paying_users_net as bigint) as new_paying_users_net,
    cast(registrations as bigint) as registrations,
    cast(cohort_payers_7d as bigint) as cohort_payers_7d,
    cast(cohort_payers_30d as bigint) as cohort_payers_30d,
    {{ rate('new_paying_users', 'registrations') }} as payment_conversion_rate,
    {{ rate('cohort_payers_7d', 'registrations') }} as payment_conversion_rate_cohort_7d,
    {{ rate('cohort_payers_30d', 'registrations') }} as payment_conversion_rate_cohort_30d,
    is_mature_7d,
    is_mature_30d,
    is_rate_missing
from told
