-- Every governance property has a gate on values outside its enum, and what a gate looks at is planned.
with governance as (
    select distinct property from {{ ref('plan_properties') }}
    where invalid_severity = 'reject'
),

gates as (
    select * from {{ ref('plan_gates') }}
),

properties as (
    select distinct property from {{ ref('plan_properties') }}
)

select
    governance.property,
    'no gate' as fault
from governance
left join gates on governance.property = gates.property and gates.rule = 'enum_out_of_range'
where gates.gate_key is null
union all
select
    gates.property,
    'not planned' as fault
from gates
left join properties on gates.property = properties.property
where gates.property is not null and properties.property is null
