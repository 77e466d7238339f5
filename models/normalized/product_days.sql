-- One row per product and local day, from the product's first accepted event to the reporting day.
with clock as (
    select * from {{ ref('reporting_clock') }}
)

select
    product,
    {{ list_items(days_from_to('first_event_date', 'as_of_date')) }} as date_day
from clock
where first_event_date <= as_of_date
