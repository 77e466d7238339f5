-- From the first purchase on a person is in one state at every moment: each interval begins where the one before ends, the
-- last one is open, the first one is the purchase, and no state follows itself.
with intervals as (
    select * from {{ ref('retention_intervals') }}
),

neighbours as (
    select
        product,
        person_key,
        state_number,
        entered_by,
        from_at,
        to_at,
        row_number() over (partition by product, person_key order by from_at, event_number) as place,
        lead({{ nullable('from_at') }}) over (partition by product, person_key order by from_at, event_number) as next_from_at,
        lead({{ nullable('state_number') }}) over (partition by product, person_key order by from_at, event_number) as next_state_number
    from intervals
)

select *
from neighbours
where
    coalesce(to_at <> next_from_at, (to_at is null) <> (next_from_at is null))
    or coalesce(to_at < from_at, false)
    or coalesce(next_state_number = state_number, false)
    or (place = 1) <> (entered_by = 'payment')
