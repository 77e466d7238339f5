-- One row per product, person and state of the plan that the person reached: when for the first time.
with entries as (
    select * from {{ ref('state_entries') }} where is_first
),

attempts as (
    select
        product,
        person_key,
        state_number,
        min(occurred_at) as attempted_at
    from {{ ref('state_events') }}
    where entered_by = 'attempt'
    group by product, person_key, state_number
)

select
    entries.product as product,
    entries.person_key as person_key,
    entries.state as state,
    cast(entries.state_number as integer) as state_number,
    entries.entered_at as first_reached_at,
    attempts.attempted_at as attempted_at,
    entries.event_date as first_reached_date,
    entries.entered_by as entered_by,
    entries.campaign_id as campaign_id,
    entries.is_imputed as is_imputed
from entries
left join attempts
    on
        entries.product = attempts.product
        and entries.person_key = attempts.person_key
        and entries.state_number = attempts.state_number
