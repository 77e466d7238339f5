-- What a property row asks for makes sense: limits on numbers, formats on texts, severities where they can apply.
with properties as (
    select
        *,
        is_required or required_when_property is not null as can_be_required
    from {{ ref('plan_properties') }}
),

judged as (
    select
        product,
        event_name,
        property,
        case
            when min_value > max_value then 'limits the wrong way round'
            when
                (min_value is not null or max_value is not null) and type not in ('number', 'integer')
                then 'limits on something other than a number'
            when pattern is not null and type not in ('text', 'id') then 'a pattern on something other than text'
            when not_before is not null and type <> 'timestamp' then 'an interval that does not end with a time'
            when can_be_required and missing_severity is null then 'required without a severity'
            when not can_be_required and missing_severity is not null then 'a severity for what is never required'
            when is_required and required_when_property is not null then 'required always and on a condition'
            when required_when_property is not null and required_when_values is null then 'a condition without values'
            when required_when_property is null and required_when_values is not null then 'values without a condition'
            when
                (invalid_severity = 'reject' or empty_is_value)
                and property not in ('policy_tag', 'action_required', 'escalation_level')
                then 'a governance rule on another property'
            when
                property in ('policy_tag', 'action_required', 'escalation_level')
                and (invalid_severity <> 'reject' or not empty_is_value or coalesce(enum_name, '') <> property)
                then 'a governance property without its rules'
        end as fault
    from properties
)

select * from judged
where fault is not null
