-- One row per product, event and planned property: what a value must be. A row for every event ('*') gives way to a row
-- for the event itself.
with events as (
    select product, event_name, natural_key from {{ ref('plan_events') }}
),

properties as (
    select * from {{ ref('plan_properties') }}
),

enum_values as (
    select
        enum_name,
        {{ sorted_list('value') }} as allowed_values,
        {{ sorted_list(json_quoted('value')) }} as allowed_fragments
    from {{ ref('plan_enum_values') }}
    group by enum_name
),

value_aliases as (
    select * from {{ ref('plan_value_aliases') }}
),

applicable as (
    select
        events.event_name as for_event,
        {{ list_has(split_list("replace(events.natural_key, '?', '')", '+'), 'properties.property') }} as is_key_part,
        properties.*,
        row_number() over (
            partition by events.product, events.event_name, properties.property
            order by case when properties.event_name = '*' then 1 else 0 end
        ) as preference
    from properties
    inner join events
        on
            properties.product = events.product
            and (properties.event_name = events.event_name or properties.event_name = '*')
),

chosen as (
    select
        *,
        {{ split_list('required_when_values', '|') }} as asked_values
    from applicable
    where preference = 1
),

conditions as (
    select
        product,
        for_event,
        property,
        required_when_property,
        asked_values,
        {{ list_items('asked_values') }} as asked_value
    from chosen
    where required_when_property is not null
),

-- A value under another spelling asks for the same.
spelled as (
    select product, for_event, property, asked_value as spelling from conditions
    union
    select conditions.product, conditions.for_event, conditions.property, value_aliases.raw_value as spelling
    from conditions
    inner join value_aliases
        on
            conditions.product = value_aliases.product
            and conditions.required_when_property = value_aliases.property
            and conditions.asked_value = value_aliases.value
),

spellings as (
    select
        product,
        for_event,
        property,
        {{ sorted_list('spelling') }} as required_when_values
    from spelled
    group by product, for_event, property
)

select
    chosen.product as product,
    chosen.for_event as event_name,
    chosen.property as property,
    chosen.event_name <> '*' as is_listed,
    chosen.location,
    chosen.canonical_column,
    chosen.type,
    chosen.is_key_part,
    coalesce(chosen.is_required, false) as is_required,
    chosen.required_when_property as required_when_property,
    spellings.required_when_values as required_when_values,
    coalesce(chosen.missing_severity, 'warn') as missing_severity,
    coalesce(chosen.invalid_severity, 'warn') as invalid_severity,
    enum_values.allowed_values,
    enum_values.allowed_fragments,
    chosen.min_value,
    chosen.max_value,
    chosen.pattern,
    chosen.not_before,
    coalesce(chosen.empty_is_value, false) as empty_is_value,
    chosen.sensitivity
from chosen
left join spellings
    on
        chosen.product = spellings.product
        and chosen.for_event = spellings.for_event
        and chosen.property = spellings.property
left join enum_values on chosen.enum_name = enum_values.enum_name
