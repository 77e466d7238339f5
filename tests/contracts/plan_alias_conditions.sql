-- The rows of one conditional event alias ask one property that their events carry, for a value that it can have.
with aliases as (
    select * from {{ ref('plan_event_aliases') }}
),

conditions as (
    select
        product,
        raw_event_name,
        count(distinct when_property) as properties
    from aliases
    group by product, raw_event_name
),

properties as (
    select
        product,
        event_name,
        property,
        enum_name
    from {{ ref('plan_properties') }}
),

enum_values as (
    select
        enum_name,
        value
    from {{ ref('plan_enum_values') }}
),

judged as (
    select
        aliases.product,
        aliases.raw_event_name,
        aliases.when_property,
        aliases.when_value,
        aliases.event_name,
        max(conditions.properties) as properties_asked,
        count(properties.property) as plan_rows,
        count(properties.enum_name) as enum_rows,
        count(enum_values.value) as value_rows
    from aliases
    inner join conditions
        on aliases.product = conditions.product and aliases.raw_event_name = conditions.raw_event_name
    left join properties
        on
            aliases.product = properties.product
            and aliases.when_property = properties.property
            and (aliases.event_name = properties.event_name or properties.event_name = '*')
    left join enum_values on properties.enum_name = enum_values.enum_name and aliases.when_value = enum_values.value
    group by
        aliases.product, aliases.raw_event_name, aliases.when_property, aliases.when_value, aliases.event_name
)

select *
from judged
where
    properties_asked > 1
    or (when_property is null and when_value is not null)
    or (when_property is not null and when_value is null)
    or (when_property is not null and plan_rows = 0)
    or value_rows < enum_rows
