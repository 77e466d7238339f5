-- One row per payment and per refund of all products, in minor units of its own currency. The same order told twice
-- (a success and a paid event, a purchase and its subscription) is one payment; a refund stands on its own date.
with events as (
    select * from {{ ref('events') }} where is_analyzable
),

clock as (
    select product, as_of_end_at from {{ ref('reporting_clock') }}
),

products as (
    select product, default_currency, utc_offset_minutes from {{ ref('plan_products') }}
),

currencies as (
    select currency, cast(power(10, minor_unit_exponent) as bigint) as minor_units_per_major from {{ ref('ref_currencies') }}
),

priced as (
    select
        events.event_key,
        events.product,
        coalesce(events.canonical_event, 'none') as canonical_event,
        coalesce(events.user_id, events.person_key) as person_key,
        coalesce(events.order_id, events.task_id, events.event_key) as order_key,
        events.occurred_at,
        events.received_at,
        products.utc_offset_minutes,
        {{ utc_timestamp('events.refunded_at_text', time_kind('events.refunded_at_text'), 'products.utc_offset_minutes') }} as refunded_at,
        coalesce(events.currency, products.default_currency) as currency,
        case
            when events.is_trial_text = 'true' then 0
            else coalesce(
                {{ try_decimal('events.amount_minor_text', 6) }},
                {{ try_decimal('events.amount_text', 6) }} * currencies.minor_units_per_major
            )
        end as amount_minor
    from events
    inner join clock on events.product = clock.product
    inner join products on events.product = products.product
    left join currencies on coalesce(events.currency, products.default_currency) = currencies.currency
    where
        events.occurred_at < clock.as_of_end_at
        and (
            events.canonical_event in ('payment', 'refund', 'refunded_payment')
            or events.amount_minor_text is not null
        )
),

told as (
    select
        event_key,
        product,
        'payment' as kind,
        person_key,
        order_key,
        occurred_at,
        received_at,
        utc_offset_minutes,
        currency,
        amount_minor
    from priced
    where canonical_event <> 'refund' and amount_minor > 0
    union all
    -- A payment that was given back is a payment on its day and a refund on the day it went back.
    select
        event_key,
        product,
        'refund' as kind,
        person_key,
        order_key,
        coalesce(refunded_at, occurred_at) as occurred_at,
        received_at,
        utc_offset_minutes,
        currency,
        abs(amount_minor) as amount_minor
    from priced
    where canonical_event in ('refund', 'refunded_payment') and amount_minor <> 0
),

counted as (
    select
        *,
        row_number() over (
            partition by
                product, kind, order_key,
                -- Several refunds of one order are parts of it, not copies.
                case when kind = 'refund' then event_key else '' end
            order by occurred_at, received_at, event_key
        ) as telling
    from told
)

select
    counted.event_key || '/' || counted.kind as payment_key,
    counted.event_key,
    counted.product,
    counted.kind,
    counted.person_key,
    counted.order_key,
    counted.occurred_at,
    cast({{ plus_minutes('counted.occurred_at', 'counted.utc_offset_minutes') }} as date) as event_date,
    counted.currency,
    cast(round(counted.amount_minor, 0) as bigint) as amount_minor
from counted
inner join clock on counted.product = clock.product
where counted.telling = 1 and counted.occurred_at < clock.as_of_end_at
