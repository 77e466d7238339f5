-- An active signal or an adoption is a core action, a core action is a visit, every product has an active signal, and an
-- event that no metric counts means nothing across products.
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
    product,
    event_name,
    'an ignored event that metrics ask for' as fault
from events
where is_ignored and (canonical_event is not null or is_visit or is_actor_required)
union all
select
    products.product,
    cast(null as {{ dbt.type_string() }}) as event_name,
    'no active signal' as fault
from products
left join events on products.product = events.product and events.is_active_signal
where events.product is null
