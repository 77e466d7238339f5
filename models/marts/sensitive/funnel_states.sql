-- One row per product, person and state of the plan that the person reached: when for the first time.
select
    product,
    person_key,
    state,
    cast(state_number as integer) as state_number,
    entered_at as first_reached_at,
    event_date as first_reached_date,
    reason as entered_by,
    campaign_id,
    is_imputed
from {{ ref('state_entries') }}
where is_first
