-- Alerts with a tag that the plan escalates (D3) and that do not go there stay within the plan's share and count.
with checks as (
    select * from {{ ref('governance_checks') }}
),

escalated as (
    select policy_tag from {{ ref('plan_policy_tags') }}
    where escalation_level is not null
),

carrying as (
    select
        product,
        event_name
    from {{ ref('plan_event_rules') }}
    where property = 'escalation_level' and is_listed
),

mismatches as (
    select
        product,
        event_name,
        count(*) as mismatched_lines
    from {{ ref('event_violations') }}
    where rule = 'policy_escalation_mismatch'
    group by product, event_name
),

alerts as (
    select
        checks.product as product,
        checks.event_name as event_name,
        count(*) as escalated_lines
    from checks
    inner join escalated on checks.sent_value = escalated.policy_tag
    inner join carrying on checks.product = carrying.product and checks.event_name = carrying.event_name
    where checks.property = 'policy_tag'
    group by checks.product, checks.event_name
),

gates as (
    select * from {{ ref('plan_gates') }}
    where gate_key = 'd3_not_escalated'
)

select
    alerts.product,
    alerts.event_name,
    alerts.escalated_lines,
    mismatches.mismatched_lines
from alerts
inner join mismatches on alerts.product = mismatches.product and alerts.event_name = mismatches.event_name
cross join gates
where
    mismatches.mismatched_lines >= gates.min_count
    and mismatches.mismatched_lines > gates.max_share * alerts.escalated_lines
