-- Every alert with a tag that the plan escalates (D3) goes where the plan says (the compliance committee).
{{ config(severity='warn') }}
select
    product,
    event_name,
    observed_value,
    count(*) as lines
from {{ ref('event_violations') }}
where rule = 'policy_escalation_mismatch'
group by product, event_name, observed_value
