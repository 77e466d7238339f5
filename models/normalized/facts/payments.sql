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

rates as (
    select * from {{ ref('reporting_rates') }}
),

-- A currency that was sent and is none was taken out of the event; it must not turn into the default.
unreadable_currencies as (
    select distinct {{ line_key() | join(', ') }}
    from {{ ref('event_violations') }}
    where canonical_column = 'currency' and replacement = 'null'
),

moving as (
    select
        {{ columns_of('events', [
            'event_key', 'product', 'known_user_id', 'order_id', 'task_id', 'event_name', 'plan_name', 'processor', 'occurred_at',
            'received_at', 'canonical_event', 'plan_order',
            'amount_text', 'amount_minor_text', 'charged_minor_text', 'is_trial_text', 'refunded_at_text', 'refunded_amount_text',
        ]) }},
        products.utc_offset_minutes,
        case
            when unreadable_currencies.product is not null then 'XXX'
            else coalesce(events.currency, products.default_currency)
        end as paid_currency
    from events
    inner join clock on events.product = clock.product
    inner join products on events.product = products.product
    left join unreadable_currencies on {{ same_line('events', 'unreadable_currencies') }}
    where
        events.occurred_at < clock.as_of_end_at
        and (
            events.canonical_event in ('payment', 'refund', 'refunded_payment')
            or events.amount_minor_text is not null
        )
),

priced as (
    select
        moving.event_key,
        moving.product,
        -- Money on any other event is a payment too.
        coalesce(moving.canonical_event in ('refund', 'refunded_payment'), false) as is_given_back,
        coalesce(moving.canonical_event = 'refund', false) as is_refund_only,
        moving.known_user_id as person_key,
        coalesce(moving.order_id, moving.task_id, moving.event_key) as order_key,
        moving.event_name,
        moving.plan_name,
        moving.processor,
        moving.occurred_at,
        moving.received_at,
        moving.plan_order,
        moving.utc_offset_minutes,
        {{ utc_timestamp('moving.refunded_at_text', time_kind('moving.refunded_at_text'), 'moving.utc_offset_minutes') }} as refunded_at,
        moving.paid_currency as currency,
        currencies.minor_units_per_major,
        {{ try_decimal('moving.refunded_amount_text', 6) }} as refunded_amount,
        {{ try_decimal('moving.amount_text', 6) }} as amount,
        case
            when moving.is_trial_text = 'true' then 0
            else coalesce(
                {{ try_decimal('moving.amount_minor_text', 6) }},
                case when moving.canonical_event = 'payment' then {{ try_decimal('moving.charged_minor_text', 6) }} end
            )
        end as sent_minor
    from moving
    left join currencies on moving.paid_currency = currencies.currency
),

told as (
    select
        event_key,
        product,
        'payment' as kind,
        person_key,
        order_key,
        event_name,
        plan_name,
        processor,
        occurred_at,
        received_at,
        plan_order,
        utc_offset_minutes,
        currency,
        case
            when minor_units_per_major is not null then coalesce(sent_minor, amount * minor_units_per_major)
        end as amount_minor,
        coalesce(sent_minor, amount) > 0 as is_above_zero
    from priced
    where not is_refund_only and coalesce(sent_minor, amount, 1) > 0
    union all
    -- A payment that was given back is a payment on its day and a refund on the day it went back.
    select
        event_key,
        product,
        'refund' as kind,
        person_key,
        order_key,
        event_name,
        plan_name,
        processor,
        coalesce(refunded_at, occurred_at) as occurred_at,
        received_at,
        plan_order,
        utc_offset_minutes,
        currency,
        case
            when minor_units_per_major is not null
                then coalesce(refunded_amount * minor_units_per_major, abs(coalesce(sent_minor, amount * minor_units_per_major)))
        end as amount_minor,
        true as is_above_zero
    from priced
    where is_given_back and coalesce(refunded_amount, sent_minor, amount, 1) <> 0
),

counted as (
    select
        *,
        row_number() over (
            partition by
                product, kind, order_key,
                -- Several refunds of one order are parts of it, not copies.
                case when kind = 'refund' then event_key else '' end
            order by
                case when amount_minor is null then 1 else 0 end,
                {{ event_order('told') }}
        ) as telling
    from told
),

moved as (
    select
        counted.*,
        cast({{ plus_minutes('counted.occurred_at', 'counted.utc_offset_minutes') }} as {{ date_type() }}) as event_date,
        cast(round(counted.amount_minor, 0) as bigint) as whole_minor
    from counted
    inner join clock on counted.product = clock.product
    where counted.telling = 1 and counted.occurred_at < clock.as_of_end_at
)

select
    moved.event_key || '/' || moved.kind as payment_key,
    moved.event_key as event_key,
    moved.product as product,
    moved.kind as kind,
    moved.person_key as person_key,
    moved.order_key as order_key,
    moved.event_name as event_name,
    moved.plan_name as plan_name,
    moved.processor as processor,
    moved.occurred_at as occurred_at,
    moved.event_date as event_date,
    moved.received_at as received_at,
    moved.plan_order as plan_order,
    moved.currency as currency,
    moved.whole_minor as amount_minor,
    -- At the rate of the day on which the money moved.
    cast(round(moved.whole_minor * rates.reporting_minor_per_minor, 0) as bigint) as amount_reporting_minor,
    coalesce(moved.is_above_zero, false) as is_above_zero,
    rates.product is null as is_rate_missing
from moved
left join rates
    on
        moved.product = rates.product
        and moved.currency = rates.currency
        and moved.event_date >= rates.valid_from
        and moved.event_date < coalesce(rates.valid_until, {{ plus_days('moved.event_date', 1) }})
