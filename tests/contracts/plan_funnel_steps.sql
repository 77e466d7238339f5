-- Every step of a funnel is an event of its product, and its steps are numbered from 1 without a gap; a funnel has
-- no more of them than are computed.
with steps as (
    select * from {{ ref('plan_funnel_steps') }}
),

funnels as (
    select funnel_key, product from {{ ref('plan_funnels') }}
),

events as (
    select product, event_name, canonical_event from {{ ref('plan_events') }}
),

matched as (
    select
        funnels.funnel_key as funnel_key,
        steps.step as step,
        count(events.event_name) as event_count
    from funnels
    left join steps on funnels.funnel_key = steps.funnel_key
    left join events
        on
            funnels.product = events.product
            and (steps.event_name = events.event_name or steps.canonical_event = events.canonical_event)
    group by funnels.funnel_key, steps.step
)

select
    funnel_key,
    count(distinct step) as steps,
    max(step) as last_step,
    min(event_count) as events_of_a_step
from matched
group by funnel_key
having
    count(distinct step) <> coalesce(max(step), 0)
    or count(distinct step) < 2
    or min(event_count) = 0
    or max(step) > {{ max_funnel_steps() }}
