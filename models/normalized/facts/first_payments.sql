-- One row per product and identified person who ever paid: the first payment above zero, and whether it all went back soon.
with payments as (
    select * from {{ ref('payments') }} where person_key is not null
),

settings as (
    select cast({{ plan_setting('net_payer_refund_days') }} as integer) as net_payer_refund_days
),

-- A person pays for the first time once, whatever the currency.
numbered as (
    select
        *,
        row_number() over (partition by product, person_key order by {{ event_order('payments') }}) as payment_number
    from payments
    where kind = 'payment' and is_above_zero
),

firsts as (
    select * from numbered where payment_number = 1
),

-- What the person paid and got back from the first payment on.
early as (
    select
        firsts.product as product,
        firsts.person_key as person_key,
        sum(case when payments.kind = 'payment' and payments.currency = firsts.currency then payments.amount_minor else 0 end) as paid_minor,
        sum(case when payments.kind = 'refund' and payments.currency = firsts.currency then payments.amount_minor else 0 end) as refunded_minor,
        sum(case when payments.kind = 'payment' and payments.currency <> firsts.currency then 1 else 0 end) as other_payments
    from payments
    inner join firsts on payments.product = firsts.product and payments.person_key = firsts.person_key
    cross join settings
    where {{ within_hours('payments.occurred_at', 'firsts.occurred_at', 'settings.net_payer_refund_days * 24') }}
    group by firsts.product, firsts.person_key
)

select
    firsts.product as product,
    firsts.person_key as person_key,
    firsts.payment_key as payment_key,
    firsts.occurred_at as occurred_at,
    firsts.event_date as event_date,
    firsts.currency as currency,
    coalesce(
        early.refunded_minor > 0 and early.refunded_minor >= early.paid_minor and early.other_payments = 0, false
    ) as is_refunded
from firsts
inner join early on firsts.product = early.product and firsts.person_key = early.person_key
