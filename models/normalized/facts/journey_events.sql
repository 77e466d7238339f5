-- One row per analyzable event up to the reporting day, in the narrow columns of sessions and funnels.
with events as (
    select * from {{ ref('events') }} where is_analyzable
),

clock as (
    select product, as_of_end_at from {{ ref('reporting_clock') }}
),

plan as (
    select product, event_name, is_visit from {{ ref('plan_events') }}
),

known as (
    select
        {{ columns_of('events', [
            'event_key', 'product', 'session_id', 'task_id', 'occurred_at', 'event_date', 'received_at', 'event_name', 'canonical_event', 'plan_order',
            'campaign',
        ]) }},
        events.known_person_key as person_key,
        {{ identifier('events.channel') }} as utm_source,
        {{ url_host('events.referrer') }} as referrer_host,
        plan.is_visit
    from events
    inner join clock on events.product = clock.product
    inner join plan on events.product = plan.product and events.event_name = plan.event_name
    where events.occurred_at < clock.as_of_end_at
)

select
    event_key,
    product,
    person_key,
    session_id,
    task_id,
    occurred_at,
    event_date,
    received_at,
    event_name,
    canonical_event,
    plan_order,
    campaign,
    case
        when utm_source is not null then 'utm_source/' || utm_source
        when referrer_host is not null then 'referrer_host/' || referrer_host
    end as source,
    is_visit
from known
