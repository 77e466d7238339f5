-- One row per product and registered person: the first payment above zero at or after the registration.
with registrations as (
    select * from {{ ref('registrations') }}
),

payments as (
    select * from {{ ref('payments') }} where kind = 'payment' and is_above_zero and person_key is not null
),

paid as (
    select
        payments.product as product,
        payments.person_key as person_key,
        payments.currency as currency,
        payments.occurred_at as paid_at,
        row_number() over (
            partition by payments.product, payments.person_key order by {{ event_order('payments') }}
        ) as payment_number
    from payments
    inner join registrations on payments.product = registrations.product and payments.person_key = registrations.person_key
    where payments.occurred_at >= registrations.registered_at
)

select
    registrations.product as product,
    registrations.person_key as person_key,
    registrations.event_date as event_date,
    registrations.channel as channel,
    paid.currency as currency,
    {% for days in [7, 30] -%}
    coalesce({{ within_hours('paid.paid_at', 'registrations.registered_at', days * 24) }}, false) as is_payer_{{ days }}d{{ '' if loop.last else ',' }}
    {% endfor %}
from registrations
left join paid
    on
        registrations.product = paid.product
        and registrations.person_key = paid.person_key
        and paid.payment_number = 1
