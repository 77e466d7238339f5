-- One row per state of the plan, way into it and event that is that way, with the event's place among the person's events.
with events as (
    select * from {{ ref('journey_events') }} where person_key is not null
),

-- Two ways of one kind may name one event.
meant as (
    select distinct
        states.product as product,
        states.state_number as state_number,
        states.entered_by as entered_by,
        plan.event_name as event_name
    from {{ ref('plan_funnel_states') }} as states
    inner join {{ ref('plan_events') }} as plan
        on
            states.product = plan.product
            and (states.event_name = plan.event_name or states.canonical_event = plan.canonical_event)
),

payments as (
    select product, event_key from {{ ref('payments') }} where kind = 'payment' and is_above_zero
),

taken as (
    select
        {{ columns_of('events', ['product', 'person_key', 'event_key', 'occurred_at', 'event_date', 'received_at', 'plan_order']) }},
        meant.state_number as state_number,
        meant.entered_by as entered_by
    from events
    inner join meant on events.product = meant.product and events.event_name = meant.event_name
    left join payments on events.product = payments.product and events.event_key = payments.event_key
    where
        (meant.entered_by <> 'campaign_event' or events.campaign is not null)
        and (meant.entered_by <> 'payment' or payments.event_key is not null)
)

select
    product,
    person_key,
    state_number,
    entered_by,
    event_key,
    occurred_at,
    event_date,
    cast(dense_rank() over (partition by product, person_key order by {{ event_order('taken') }}) as bigint) as event_number
from taken
