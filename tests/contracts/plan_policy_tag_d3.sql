-- D3, the regulator's review, goes to the compliance committee, and no other tag demands it.
with tags as (
    select
        count(case when policy_tag = 'D3' and escalation_level = 'compliance_committee' then 1 end) as escalated,
        count(case when policy_tag <> 'D3' and escalation_level = 'compliance_committee' then 1 end) as others
    from {{ ref('plan_policy_tags') }}
)

select * from tags
where escalated <> 1 or others <> 0
