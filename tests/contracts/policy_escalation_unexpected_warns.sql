-- Only alerts with a tag that the plan escalates (D3) go where such tags go (the compliance committee).
{{ config(severity='warn') }}
select
    product,
    event_name,
    observed_value,
    count(*) as lines
from {{ ref('event_violations') }}
where rule = 'policy_escalation_unexpected'
group by product, event_name, observed_value
