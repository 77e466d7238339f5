-- One row per product, local calendar month and currency seen in the product: what was paid and refunded, and by how many.
{%- set sums = ['gross_minor', 'refunded_minor', 'net_minor', 'payments', 'refunds', 'unpriced_payments', 'new_paying_users'] %}

with days as (
    select
        *,
        cast({{ dbt.date_trunc('month', 'date_day') }} as {{ date_type() }}) as month
    from {{ ref('payments_daily') }}
),

payments as (
    select
        *,
        cast({{ dbt.date_trunc('month', 'event_date') }} as {{ date_type() }}) as month
    from {{ ref('payments') }}
),

clock as (
    select product, as_of_date from {{ ref('reporting_clock') }}
),

totals as (
    select
        product,
        month,
        currency
        {%- for column in sums %},
        sum({{ column }}) as {{ column }}
        {%- endfor %}
    from days
    group by product, month, currency
),

-- Money adds up over days, people do not: whoever pays on two days of a month is one paying user of it.
payers as (
    select
        product,
        month,
        currency,
        count(distinct person_key) as paying_users
    from payments
    where kind = 'payment' and is_above_zero
    group by product, month, currency
)

select
    totals.product as product,
    totals.month as month,
    totals.currency as currency
    {%- for column in sums %},
    cast(totals.{{ column }} as bigint) as {{ column }}
    {%- endfor %},
    cast(coalesce(payers.paying_users, 0) as bigint) as paying_users,
    cast({{ dbt.date_trunc('month', plus_days('clock.as_of_date', 1)) }} as {{ date_type() }}) > totals.month as is_complete
from totals
inner join clock on totals.product = clock.product
left join payers
    on totals.product = payers.product and totals.month = payers.month and totals.currency = payers.currency
