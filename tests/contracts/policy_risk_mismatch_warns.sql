-- Every risk level is the one that the plan gives its policy tag.
{{ config(severity='warn') }}
select
    product,
    event_name,
    observed_value,
    count(*) as lines
from {{ ref('event_violations') }}
where rule = 'policy_risk_mismatch'
group by product, event_name, observed_value
