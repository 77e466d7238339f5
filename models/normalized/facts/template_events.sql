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
    -- Rates over people count identified people only.
    case when events.user_id is not null then events.person_key end as person_key,
    events.occurred_at,
    events.event_date,
    events.canonical_event = 'generation_started' as is_execute,
    events.canonical_event = 'generation_succeeded' as is_success,
    events.canonical_event = 'generation_failed' as is_failure,
    -- Money on any event means paid, and a payment event does without an amount.
    coalesce(events.canonical_event = 'payment', false)
    or coalesce({{ try_decimal('events.amount_minor_text', 6) }} > 0, false) as is_paid
from events
inner join measured_products on events.product = measured_products.product
inner join clock on events.product = clock.product
where events.stream_kind = 'events' and events.occurred_at < clock.as_of_end_at
