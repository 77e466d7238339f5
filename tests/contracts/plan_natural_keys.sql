-- A natural key has at most four parts; each is the event time, the order or a property that the plan gives the
-- event.
with events as (
    select
        product,
        event_name,
        natural_key,
        '+' || replace(natural_key, '?', '') || '+' as parts
    from {{ ref('plan_events') }}
    where natural_key is not null
),

properties as (
    select
        product,
        event_name,
        property
    from {{ ref('plan_properties') }}
    union all
    select
        product,
        '*' as event_name,
        'occurred_at' as property
    from {{ ref('plan_products') }}
    union all
    select
        product,
        '*' as event_name,
        'order_id' as property
    from {{ ref('plan_products') }}
),

counted as (
    select
        events.product,
        events.event_name,
        events.natural_key,
        length(events.natural_key) - length(replace(events.natural_key, '+', '')) + 1 as parts,
        count(distinct properties.property) as planned_parts
    from events
    left join properties
        on
            events.product = properties.product
            and (events.event_name = properties.event_name or properties.event_name = '*')
            and replace(events.parts, '+' || properties.property || '+', '') <> events.parts
    group by events.product, events.event_name, events.natural_key
)

select * from counted
where parts > 4 or planned_parts <> parts
