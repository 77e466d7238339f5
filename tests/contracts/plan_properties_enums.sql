-- A property names an enum exactly when it is one, and the enum has values.
with properties as (
    select * from {{ ref('plan_properties') }}
),

enums as (
    select distinct enum_name from {{ ref('plan_enum_values') }}
)

select
    properties.product,
    properties.event_name,
    properties.property,
    properties.type,
    properties.enum_name
from properties
left join enums on properties.enum_name = enums.enum_name
where (properties.type = 'enum' and enums.enum_name is null)
    or (properties.type <> 'enum' and properties.enum_name is not null)
