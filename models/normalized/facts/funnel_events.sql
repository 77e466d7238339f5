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

paid as (
    select event_key from {{ ref('payments') }} where kind = 'payment' and is_above_zero
),

meant as (
    select
        funnels.funnel_key as funnel_key,
        funnels.product as product,
        funnels.actor as actor,
        steps.step as step,
        steps.needs_money as needs_money,
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
        meant.actor = 'attempt' as is_attempt,
        case when meant.actor in ('person_key', 'attempt') then events.person_key end as person_key,
        case meant.actor
            when 'session_id' then events.session_id
            when 'task_id' then events.task_id
            else events.person_key
        end as actor_key
    from events
    inner join meant on events.product = meant.product and events.event_name = meant.event_name
    left join paid on events.event_key = paid.event_key
    where paid.event_key is not null or not meant.needs_money
),

numbered as (
    select
        *,
        -- An event that is two steps has one place, and cannot follow itself.
        cast(dense_rank() over (partition by funnel_key, actor_key order by {{ event_order('taken') }}) as bigint) as event_number,
        -- Every entry of a person begins an attempt, which lasts until the next one.
        sum(case when step = 1 then 1 else 0 end) over (
            partition by funnel_key, actor_key order by {{ event_order('taken') }}
        ) as attempt
    from taken
    where actor_key is not null
)

select
    funnel_key,
    product,
    case when is_attempt then actor_key || '/' || cast(attempt as {{ dbt.type_string() }}) else actor_key end as actor_key,
    person_key,
    step,
    event_key,
    occurred_at,
    event_date,
    event_number
from numbered
where not is_attempt or attempt > 0
