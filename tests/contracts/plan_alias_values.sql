-- Every value alias belongs to an enum property of its product, leads to a value of that enum, and is no value of it.
with aliases as (
    select * from {{ ref('plan_value_aliases') }}
),

allowed as (
    select
        properties.product,
        properties.property,
        enum_values.value
    from {{ ref('plan_properties') }} as properties
    inner join {{ ref('plan_enum_values') }} as enum_values on properties.enum_name = enum_values.enum_name
    group by properties.product, properties.property, enum_values.value
)

select
    aliases.product,
    aliases.property,
    aliases.raw_value,
    aliases.value
from aliases
left join allowed as targets
    on aliases.product = targets.product and aliases.property = targets.property and aliases.value = targets.value
left join allowed as canonical
    on
        aliases.product = canonical.product
        and aliases.property = canonical.property
        and aliases.raw_value = canonical.value
where targets.value is null or canonical.value is not null
