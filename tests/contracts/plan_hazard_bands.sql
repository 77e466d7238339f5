-- The bands of a feature follow one another from 0 without a gap, and the last is open.
with bands as (
    select
        *,
        lag(max_value) over (partition by feature order by min_value) as previous_max_value,
        row_number() over (partition by feature order by min_value) as place,
        count(*) over (partition by feature) as places
    from {{ ref('plan_hazard_bands') }}
)

select
    feature,
    band
from bands
where
    min_value <> case when place = 1 then 0 else coalesce(previous_max_value, -1) end
    or (max_value is null) <> (place = places)
