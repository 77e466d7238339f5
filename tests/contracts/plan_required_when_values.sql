-- A condition of the plan names values that the enum of its property has.
with conditions as (
    select
        product,
        event_name,
        property,
        required_when_property,
        required_when_values
    from {{ ref('plan_properties') }}
    where required_when_property is not null
),

allowed as (
    select
        properties.product,
        properties.event_name,
        properties.property,
        enum_values.value
    from {{ ref('plan_properties') }} as properties
    inner join {{ ref('plan_enum_values') }} as enum_values on properties.enum_name = enum_values.enum_name
),

counted as (
    select
        conditions.product,
        conditions.event_name,
        conditions.property,
        conditions.required_when_values,
        length(conditions.required_when_values)
        - length(replace(conditions.required_when_values, '|', ''))
        + 1 as named_values,
        count(distinct allowed.value) as known_values
    from conditions
    inner join allowed
        on
            conditions.product = allowed.product
            and conditions.event_name = allowed.event_name
            and conditions.required_when_property = allowed.property
    where replace('|' || conditions.required_when_values || '|', '|' || allowed.value || '|', '')
        <> '|' || conditions.required_when_values || '|'
    group by conditions.product, conditions.event_name, conditions.property, conditions.required_when_values
)

select
    conditions.product,
    conditions.event_name,
    conditions.property,
    conditions.required_when_values,
    counted.known_values
from conditions
left join counted
    on
        conditions.product = counted.product
        and conditions.event_name = counted.event_name
        and conditions.property = counted.property
where counted.known_values is null or counted.known_values <> counted.named_values
