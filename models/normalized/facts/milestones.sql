-- One row per product, person and milestone of the plan that the person reached: when, and how long after those before it.
with events as (
    select * from {{ ref('journey_events') }} where person_key is not null
),

payments as (
    select event_key from {{ ref('payments') }} where kind = 'payment' and is_above_zero
),

plan as (
    select product, event_name, canonical_event from {{ ref('plan_events') }}
),

-- A row of a milestone is a part of it: an event, or any event of a canonical meaning.
parts as (
    select
        *,
        coalesce(event_name, canonical_event) as part,
        count(*) over (partition by product, milestone) as parts
    from {{ ref('plan_milestones') }}
),

meant as (
    select
        {{ columns_of('parts', ['product', 'milestone', 'place', 'part', 'parts', 'needs_money']) }},
        plan.event_name as event_name
    from parts
    inner join plan
        on
            parts.product = plan.product
            and (parts.event_name = plan.event_name or parts.canonical_event = plan.canonical_event)
),

happened as (
    select
        events.product as product,
        events.person_key as person_key,
        {{ columns_of('meant', ['milestone', 'place', 'part', 'parts']) }},
        min(events.occurred_at) as happened_at,
        min(events.event_date) as event_date
    from events
    inner join meant on events.product = meant.product and events.event_name = meant.event_name
    left join payments on events.event_key = payments.event_key
    where payments.event_key is not null or not meant.needs_money
    group by events.product, events.person_key, meant.milestone, meant.place, meant.part, meant.parts
),

-- With the last of its parts; who lacks one has not reached it.
reached as (
    select
        product,
        person_key,
        milestone,
        place,
        max(happened_at) as reached_at,
        max(event_date) as event_date
    from happened
    group by product, person_key, milestone, place, parts
    having count(*) = parts
)

select
    {{ columns_of('reached', ['product', 'person_key', 'milestone', 'place', 'reached_at', 'event_date']) }},
    {{ seconds_between('begun.reached_at', 'reached.reached_at') }} as since_first_sec,
    {{ seconds_between('previous.reached_at', 'reached.reached_at') }} as since_previous_sec
from reached
left join reached as begun
    on reached.product = begun.product and reached.person_key = begun.person_key and begun.place = 1
left join reached as previous
    on
        reached.product = previous.product
        and reached.person_key = previous.person_key
        and reached.place = previous.place + 1
