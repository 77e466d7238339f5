-- One row per analyzable event about a prompt template, in the products whose plan measures templates.
with events as (
    select * from {{ ref('events') }} where is_analyzable
),

measured_products as (
    select distinct product from {{ ref('plan_metrics') }} where metric_key = 'completion_rate_30d'
),

clock as (
    select product, as_of_end_at from {{ ref('reporting_clock') }}
)

select
    events.product as product,
    events.event_key,
    events.template_id,
    events.task_id,
    events.variant,
    events.template_id || '/' || events.variant as template_variant,
    -- Rates over people count identified people only.
    events.known_user_id as person_key,
    events.occurred_at,
    events.event_date,
    events.received_at,
    events.plan_order,
    coalesce(events.canonical_event = 'generation_started', false) as is_execute,
    coalesce(events.canonical_event = 'generation_succeeded', false) as is_success,
    coalesce(events.canonical_event = 'generation_failed', false) as is_failure,
    coalesce(events.canonical_event = 'variant_exposed', false) as is_exposure,
    -- Money on any event means paid, and a payment event does without an amount.
    coalesce(events.canonical_event = 'payment', false)
    or coalesce({{ try_decimal('events.amount_minor_text', 6) }} > 0, false) as is_paid,
    -- Money that is known to have come in: the amount of the record goes before the one in the properties of a payment.
    coalesce(coalesce(
        {{ try_decimal('events.amount_minor_text', 6) }},
        case when events.canonical_event = 'payment' then {{ try_decimal('events.charged_minor_text', 6) }} end
    ) > 0, false) as is_paid_amount
from events
inner join measured_products on events.product = measured_products.product
inner join clock on events.product = clock.product
where events.stream_kind = 'events' and events.occurred_at < clock.as_of_end_at
