-- Every enum of the plan is the enum of some property.
with enums as (
    select distinct enum_name from {{ ref('plan_enum_values') }}
),

properties as (
    select distinct enum_name from {{ ref('plan_properties') }}
    where enum_name is not null
)

select enums.enum_name
from enums
left join properties on enums.enum_name = properties.enum_name
where properties.enum_name is null
