-- One row per funnel, step and event that is that step, with the event's place among the actor's events of the funnel.
with events as (
    select * from {{ ref('journey_events') }}
),

funnels as (
    select * from {{ ref('plan_funnels') }}
),

steps as (
    select * from {{ ref('plan_funnel_steps') }}
),

meant as (
    select
        funnels.funnel_key as funnel_key,
        funnels.product as product,
        funnels.actor as actor,
        steps.step as step,
        plan.event_name as event_name
    from funnels
    inner join steps on funnels.funnel_key = steps.funnel_key
    inner join {{ ref('plan_events') }} as plan
        on
            funnels.product = plan.product
            and (steps.event_name = plan.event_name or steps.canonical_event = plan.canonical_event)
),

taken as (
    select
        {{ columns_of('events', ['product', 'event_key', 'occurred_at', 'event_date', 'received_at', 'plan_order']) }},
        meant.funnel_key as funnel_key,
        meant.step as step,
        case meant.actor
            when 'person_key' then events.person_key
            when 'session_id' then events.session_id
            when 'task_id' then events.task_id
        end as actor_key
    from events
    inner join meant on events.product = meant.product and events.event_name = meant.event_name
)

select
    funnel_key,
    product,
    actor_key,
    step,
    event_key,
    occurred_at,
    event_date,
    -- An event that is two steps has one place, and cannot follow itself.
    cast(dense_rank() over (partition by funnel_key, actor_key order by {{ event_order('taken') }}) as bigint) as event_number
from taken
where actor_key is not null
