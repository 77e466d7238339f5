-- The governance properties are asked for exactly where the event table of the landing page lists them.
with listed as (
    select
        'license_apply' as event_name,
        'policy_tag' as property
    union all
    select
        'license_rejected' as event_name,
        'policy_tag' as property
    union all
    select
        'license_rejected' as event_name,
        'action_required' as property
    union all
    select
        'task_failed' as event_name,
        'policy_tag' as property
    union all
    select
        'task_failed' as event_name,
        'action_required' as property
    union all
    select
        'risk_alert' as event_name,
        'policy_tag' as property
    union all
    select
        'risk_alert' as event_name,
        'action_required' as property
    union all
    select
        'risk_alert' as event_name,
        'escalation_level' as property
),

asked as (
    select
        event_name,
        property
    from {{ ref('plan_properties') }}
    where
        product = 'landing'
        and property in ('policy_tag', 'action_required', 'escalation_level')
        and (is_required or required_when_property is not null)
)

select
    listed.event_name,
    listed.property,
    'not asked for' as fault
from listed
left join asked on listed.event_name = asked.event_name and listed.property = asked.property
where asked.property is null
union all
select
    asked.event_name,
    asked.property,
    'asked for and not listed' as fault
from asked
left join listed on asked.event_name = listed.event_name and asked.property = listed.property
where listed.property is null
