-- One row per product and name that a line may carry: the whitelisted event it means, and the property that decides
-- when one name was sent for several events.
with events as (
    select * from {{ ref('plan_events') }}
),

aliases as (
    select * from {{ ref('plan_event_aliases') }}
),

meanings as (
    select product, event_name as raw_event_name, event_name from events
    union all
    select product, raw_event_name, event_name from aliases where when_property is null
),

preferred as (
    -- An unconditional alias of a whitelisted name would be a contradiction; the plan's own tests refuse it.
    select
        product,
        raw_event_name,
        min(event_name) as event_name
    from meanings
    group by product, raw_event_name
),

conditions as (
    select product, raw_event_name, min(when_property) as when_property
    from aliases
    where when_property is not null
    group by product, raw_event_name
),

names as (
    select product, raw_event_name from preferred
    union
    select product, raw_event_name from conditions
)

select
    names.product as product,
    names.raw_event_name as raw_event_name,
    preferred.event_name,
    conditions.when_property
from names
left join preferred on names.product = preferred.product and names.raw_event_name = preferred.raw_event_name
left join conditions on names.product = conditions.product and names.raw_event_name = conditions.raw_event_name
