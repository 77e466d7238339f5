-- One row per product and local day: people with a successful generation that day and in the 7, 28 and 30 days that end with it.
{%- set counts = [
    'active_users_daily', 'active_users_weekly', 'active_users_28d', 'active_users_monthly',
    'new_users', 'returning_users', 'resurrected_users', 'dormant_users',
] %}

with channels as (
    select * from {{ ref('active_users_by_channel_daily') }}
),

days as (
    select * from {{ ref('product_days') }}
),

-- A person has one channel: people of all channels are all people.
totals as (
    select
        product,
        date_day
        {%- for column in counts %},
        sum({{ column }}) as {{ column }}
        {%- endfor %}
    from channels
    group by product, date_day
),

counted as (
    select
        days.product as product,
        days.date_day as date_day
        {%- for column in counts %},
        coalesce(totals.{{ column }}, 0) as {{ column }}
        {%- endfor %},
        sum(coalesce(totals.active_users_daily, 0)) over (
            partition by days.product order by days.date_day rows between 27 preceding and current row
        ) as active_user_days_28d,
        count(*) over (
            partition by days.product order by days.date_day rows between 27 preceding and current row
        ) as observed_days_28d
    from days
    left join totals on days.product = totals.product and days.date_day = totals.date_day
)

select
    product,
    date_day
    {%- for column in counts + ['active_user_days_28d', 'observed_days_28d'] %},
    cast({{ column }} as bigint) as {{ column }}
    {%- endfor %},
    {{ rate(rate('active_user_days_28d', 'observed_days_28d'), 'active_users_28d') }} as dau_mau_ratio
from counted
