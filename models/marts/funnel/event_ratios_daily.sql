-- One row per ratio of events, product and local day: distinct actors of either side in the window that ends with the day.
-- An actor enters a window on a day with an event and leaves it `window_days` later unless there is another before.
with actors as (
    select * from {{ ref('event_ratio_actors') }}
),

ratios as (
    select metric_key, product from {{ ref('plan_event_ratios') }}
),

days as (
    select * from {{ ref('product_days') }}
),

stays as (
    select
        *,
        lead({{ nullable('event_date') }}) over (partition by metric_key, product, side, actor_key order by event_date) as next_date
    from actors
),

changes as (
    select metric_key, product, side, event_date as date_day, 1 as change from stays
    union all
    select
        metric_key,
        product,
        side,
        least({{ plus_days('event_date', 'window_days') }}, coalesce(next_date, {{ plus_days('event_date', 'window_days') }})) as date_day,
        -1 as change
    from stays
),

daily_changes as (
    select
        metric_key,
        product,
        date_day,
        sum(case when side = 'numerator' then change else 0 end) as numerator,
        sum(case when side = 'denominator' then change else 0 end) as denominator
    from changes
    group by metric_key, product, date_day
),

running as (
    select
        ratios.metric_key as metric_key,
        ratios.product as product,
        days.date_day as date_day
        {%- for side in ['numerator', 'denominator'] %},
        {{ running_total('daily_changes.' ~ side, 'ratios.metric_key, ratios.product', 'days.date_day') }} as {{ side }}
        {%- endfor %}
    from days
    inner join ratios on days.product = ratios.product
    left join daily_changes
        on
            ratios.metric_key = daily_changes.metric_key
            and days.product = daily_changes.product
            and days.date_day = daily_changes.date_day
)

select
    metric_key,
    product,
    date_day,
    numerator,
    denominator,
    {{ rate('numerator', 'denominator') }} as event_ratio
from running
