-- No line of the last 24 hours carries a name that the plan does not know.
{{ config(severity='warn') }}
select
    product,
    raw_event_name,
    lines
from {{ ref('event_name_distribution_24h') }}
where not is_planned
