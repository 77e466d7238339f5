-- The properties that a property row refers to (required when, not before) are planned for the same event.
with properties as (
    select * from {{ ref('plan_properties') }}
),

referring as (
    select
        product,
        event_name,
        property,
        required_when_property as other_property
    from properties
    where required_when_property is not null
    union all
    select
        product,
        event_name,
        property,
        not_before as other_property
    from properties
    where not_before is not null
)

select
    referring.product,
    referring.event_name,
    referring.property,
    referring.other_property
from referring
left join properties
    on
        referring.product = properties.product
        and referring.other_property = properties.property
        and (referring.event_name = properties.event_name or properties.event_name = '*')
where properties.property is null
