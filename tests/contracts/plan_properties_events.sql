-- Every property row belongs to a whitelisted event, or to all of them.
with properties as (
    select * from {{ ref('plan_properties') }}
),

events as (
    select
        product,
        event_name
    from {{ ref('plan_events') }}
)

select
    properties.product,
    properties.event_name,
    properties.property
from properties
left join events on properties.product = events.product and properties.event_name = events.event_name
where properties.event_name <> '*' and events.event_name is null
