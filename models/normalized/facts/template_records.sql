-- One row per analyzable record of the tables beside the template events: templates, baseline days, colours of the site gate.
with events as (
    select * from {{ ref('events') }} where is_analyzable and stream_kind = 'versions'
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
    events.canonical_event,
    events.template_id,
    events.occurred_at,
    events.event_date,
    {{ try_number(json_text('events.props', "''", "'nonprompt_users'")) }} as baseline_users,
    {{ try_number(json_text('events.props', "''", "'nonprompt_paid_users'")) }} as baseline_paid_users,
    {{ try_number(json_text('events.props', "''", "'ltv_cents'")) }} as ltv_cents,
    {{ json_text('events.props', "''", "'status'") }} as status
from events
inner join measured_products on events.product = measured_products.product
inner join clock on events.product = clock.product
where events.occurred_at < clock.as_of_end_at
