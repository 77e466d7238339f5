-- Every property alias leads to a planned property of its product, and no planned property is an alias.
with aliases as (
    select * from {{ ref('plan_property_aliases') }}
),

properties as (
    select distinct
        product,
        property
    from {{ ref('plan_properties') }}
)

select
    aliases.product,
    aliases.raw_property,
    aliases.property
from aliases
left join properties as targets on aliases.product = targets.product and aliases.property = targets.property
left join properties as planned on aliases.product = planned.product and aliases.raw_property = planned.property
where targets.property is null or planned.property is not null
