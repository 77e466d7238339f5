-- One row per product, segment value, customer, local day and movement: what a customer's day changed in recurring revenue.
with changes as (
    select * from {{ ref('mrr_changes') }} where segment <> 'currency'
),

named as (
    select
        *,
        case
            -- What was there at the day's rates before the day's changes decides what the change is.
            when opening_minor + fx_minor = 0 then case when was_customer then 'reactivation' else 'new' end
            when closing_minor = 0 then 'churn'
            when change_minor > 0 then 'expansion'
            else 'contraction'
        end as change_movement,
        -- A subscription that began and ended on the day leaves no trace at the day's end, and both movements here.
        case
            when opening_minor > 0 or closing_minor > 0 then 'expansion'
            when was_customer then 'reactivation'
            else 'new'
        end as same_day_movement,
        case when opening_minor > 0 or closing_minor > 0 then 'contraction' else 'churn' end as same_day_return
    from changes
),

parts as (
    {% for movement, amount in [
        ("'fx'", 'fx_minor'), ('change_movement', 'change_minor'),
        ('same_day_movement', 'same_day_minor'), ('same_day_return', '-same_day_minor'),
    ] %}
    select
        product,
        segment,
        segment_value,
        customer,
        date_day,
        {{ movement }} as movement,
        {{ amount }} as amount_minor
    from named
    where {{ amount }} <> 0
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
)

select
    product,
    segment,
    segment_value,
    customer,
    date_day,
    movement,
    cast(sum(amount_minor) as bigint) as amount_minor
from parts
group by product, segment, segment_value, customer, date_day, movement
