-- One row per product, person and local day with a successful generation, beside the person's active days before and after it.
with generations as (
    select * from {{ ref('generations') }} where is_success and person_key is not null
),

days as (
    select distinct product, person_key, event_date as active_date from generations
)

select
    product,
    person_key,
    active_date,
    lag({{ nullable('active_date') }}) over (partition by product, person_key order by active_date) as previous_date,
    lead({{ nullable('active_date') }}) over (partition by product, person_key order by active_date) as next_date
from days
