-- One row per product and local day: people with a successful generation that day and in the 7 and 30 days that end with it.
-- A person enters a rolling window on an active day and leaves it `days` later unless active again before: one change up
-- and one down per active day, however long the window is.
{%- set windows = {'active_users_daily': 1, 'active_users_weekly': 7, 'active_users_monthly': 30} %}

with generations as (
    select * from {{ ref('generations') }} where is_success and person_key is not null
),

days as (
    select * from {{ ref('product_days') }}
),

active_days as (
    select distinct product, person_key, event_date as active_date from generations
),

stays as (
    select
        product,
        active_date,
        lag({{ nullable('active_date') }}) over (partition by product, person_key order by active_date) as previous_date,
        lead({{ nullable('active_date') }}) over (partition by product, person_key order by active_date) as next_date
    from active_days
),

changes as (
    {% for column, window_days in windows.items() %}
    select product, active_date as date_day, '{{ column }}' as counted, 1 as change from stays
    union all
    select
        product,
        least({{ plus_days('active_date', window_days) }}, coalesce(next_date, {{ plus_days('active_date', window_days) }})) as date_day,
        '{{ column }}' as counted,
        -1 as change
    from stays
    union all
    {% endfor %}
    select
        product,
        active_date as date_day,
        case
            when previous_date is null then 'new_users'
            when previous_date < {{ plus_days('active_date', -30) }} then 'resurrected_users'
            else 'returning_users'
        end as counted,
        1 as change
    from stays
),

daily_changes as (
    select
        product,
        date_day
        {%- for column in (windows | list) + ['new_users', 'returning_users', 'resurrected_users'] %},
        sum(case when counted = '{{ column }}' then change else 0 end) as {{ column }}
        {%- endfor %}
    from changes
    group by product, date_day
),

running as (
    select
        days.product,
        days.date_day
        {%- for column in windows %},
        sum(coalesce(daily_changes.{{ column }}, 0)) over (
            partition by days.product order by days.date_day
        ) as {{ column }}
        {%- endfor %}
        {%- for column in ['new_users', 'returning_users', 'resurrected_users'] %},
        coalesce(daily_changes.{{ column }}, 0) as {{ column }}
        {%- endfor %},
        sum(coalesce(daily_changes.new_users, 0)) over (partition by days.product order by days.date_day) as ever_active_users
    from days
    left join daily_changes on days.product = daily_changes.product and days.date_day = daily_changes.date_day
)

select
    product,
    date_day,
    cast(active_users_daily as bigint) as active_users_daily,
    cast(active_users_weekly as bigint) as active_users_weekly,
    cast(active_users_monthly as bigint) as active_users_monthly,
    cast(new_users as bigint) as new_users,
    cast(returning_users as bigint) as returning_users,
    cast(resurrected_users as bigint) as resurrected_users,
    cast(ever_active_users - active_users_monthly as bigint) as dormant_users
from running
