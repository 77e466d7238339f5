-- An active signal or an adoption is a core action, a core action is a visit, and every product has an active signal.
with events as (
    select * from {{ ref('plan_events') }}
),

products as (
    select product from {{ ref('plan_products') }}
)

select
    product,
    event_name,
    'a flag without the wider one' as fault
from events
where ((is_active_signal or is_adoption_action) and not is_core_action) or (is_core_action and not is_visit)
union all
select
    products.product,
    cast(null as {{ dbt.type_string() }}) as event_name,
    'no active signal' as fault
from products
left join events on products.product = events.product and events.is_active_signal
where events.product is null
