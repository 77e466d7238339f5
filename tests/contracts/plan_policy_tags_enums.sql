-- Policy tags and the enum of policy tags are the same, and what a tag asks for is a value of its enum.
with tags as (
    select * from {{ ref('plan_policy_tags') }}
),

enum_values as (
    select
        enum_name,
        value
    from {{ ref('plan_enum_values') }}
),

named as (
    select
        'policy_tag' as enum_name,
        policy_tag as value
    from tags
    union all
    select
        'action_required' as enum_name,
        action_required as value
    from tags
    where action_required is not null
    union all
    select
        'risk_level' as enum_name,
        risk_level as value
    from tags
    where risk_level is not null
    union all
    select
        'escalation_level' as enum_name,
        escalation_level as value
    from tags
    where escalation_level is not null
)

select
    named.enum_name,
    named.value,
    'not in the enum' as fault
from named
left join enum_values on named.enum_name = enum_values.enum_name and named.value = enum_values.value
where enum_values.value is null
union all
select
    enum_values.enum_name,
    enum_values.value,
    'no policy tag' as fault
from enum_values
left join tags on enum_values.value = tags.policy_tag
where enum_values.enum_name = 'policy_tag' and tags.policy_tag is null
