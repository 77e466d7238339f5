-- One row per product, event and planned property: what a value must be. A row for every event ('*') gives way to a row
-- for the event itself.
with events as (
    select product, event_name from {{ ref('plan_events') }}
),

properties as (
    select * from {{ ref('plan_properties') }}
),

enum_values as (
    select
        enum_name,
        {{ sorted_list('value') }} as allowed_values
    from {{ ref('plan_enum_values') }}
    group by enum_name
),

applicable as (
    select
        events.event_name as for_event,
        properties.*,
        row_number() over (
            partition by events.product, events.event_name, properties.property
            order by case when properties.event_name = '*' then 1 else 0 end
        ) as preference
    from events
    inner join properties
        on
            events.product = properties.product
            and (properties.event_name = events.event_name or properties.event_name = '*')
)

select
    applicable.product,
    applicable.for_event as event_name,
    applicable.property,
    applicable.location,
    applicable.canonical_column,
    applicable.type,
    coalesce(applicable.is_required, false) as is_required,
    applicable.required_when_property,
    {{ split_list('applicable.required_when_values', '|') }} as required_when_values,
    coalesce(applicable.missing_severity, 'warn') as missing_severity,
    coalesce(applicable.invalid_severity, 'warn') as invalid_severity,
    enum_values.allowed_values,
    applicable.min_value,
    applicable.max_value,
    applicable.pattern,
    applicable.not_before,
    coalesce(applicable.empty_is_value, false) as empty_is_value,
    applicable.sensitivity
from applicable
left join enum_values on applicable.enum_name = enum_values.enum_name
where applicable.preference = 1
