-- One row per product, customer, local day and movement: what a customer's day changed in recurring revenue.
with movements as (
    select * from {{ ref('customer_mrr_movements') }} where segment = 'all'
)

select
    product,
    customer,
    date_day,
    movement,
    amount_minor
from movements
