-- One row per product, person and milestone of the plan that the person reached.
select
    product,
    person_key,
    milestone,
    reached_at,
    event_date,
    since_first_sec,
    since_previous_sec
from {{ ref('milestones') }}
