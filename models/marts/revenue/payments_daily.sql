-- One row per product, local day and currency seen in the product: what was paid and refunded that day, and by how many.
with payments as (
    select * from {{ ref('payments') }}
),

days as (
    select * from {{ ref('product_days') }}
),

currencies as (
    select distinct product, currency from payments
),

product_days as (
    select
        days.product,
        days.date_day,
        currencies.currency
    from days
    inner join currencies on days.product = currencies.product
),

-- A person pays for the first time once, whatever the currency.
firsts as (
    select
        *,
        row_number() over (partition by product, person_key order by {{ event_order('payments') }}) as payment_number
    from payments
    where kind = 'payment' and is_above_zero and person_key is not null
),

new_payers as (
    select
        product,
        event_date as date_day,
        currency,
        count(*) as new_paying_users
    from firsts
    where payment_number = 1
    group by product, event_date, currency
),

moved as (
    select
        product,
        event_date as date_day,
        currency,
        sum(case when kind = 'payment' then amount_minor else 0 end) as gross_minor,
        sum(case when kind = 'refund' then amount_minor else 0 end) as refunded_minor,
        sum(case when kind = 'payment' and amount_minor is not null then 1 else 0 end) as payments,
        sum(case when kind = 'refund' and amount_minor is not null then 1 else 0 end) as refunds,
        sum(case when amount_minor is null then 1 else 0 end) as unpriced_payments,
        count(distinct case when kind = 'payment' and is_above_zero then person_key end) as paying_users
    from payments
    group by product, event_date, currency
)

select
    product_days.product as product,
    product_days.date_day as date_day,
    product_days.currency as currency,
    cast(coalesce(moved.gross_minor, 0) as bigint) as gross_minor,
    cast(coalesce(moved.refunded_minor, 0) as bigint) as refunded_minor,
    cast(coalesce(moved.gross_minor, 0) - coalesce(moved.refunded_minor, 0) as bigint) as net_minor,
    cast(coalesce(moved.payments, 0) as bigint) as payments,
    cast(coalesce(moved.refunds, 0) as bigint) as refunds,
    cast(coalesce(moved.unpriced_payments, 0) as bigint) as unpriced_payments,
    cast(coalesce(moved.paying_users, 0) as bigint) as paying_users,
    cast(coalesce(new_payers.new_paying_users, 0) as bigint) as new_paying_users
from product_days
left join moved
    on
        product_days.product = moved.product
        and product_days.date_day = moved.date_day
        and product_days.currency = moved.currency
left join new_payers
    on
        product_days.product = new_payers.product
        and product_days.date_day = new_payers.date_day
        and product_days.currency = new_payers.currency
