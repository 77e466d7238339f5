-- One row per product, local day and channel: people with a successful generation that day and in the 7, 28 and 30 days that
-- end with it, by the channel through which they registered.
-- A person enters a rolling window on an active day and leaves it `days` later unless active again before: one change up
-- and one down per active day, however long the window is.
{%- set windows = {'active_users_daily': 1, 'active_users_weekly': 7, 'active_users_28d': 28, 'active_users_monthly': 30} %}
{%- set classes = ['new_users', 'returning_users', 'resurrected_users'] %}

with active_days as (
    select * from {{ ref('active_days') }}
),

registrations as (
    select product, person_key, channel from {{ ref('registrations') }}
),

days as (
    select * from {{ ref('product_days') }}
),

classed as (
    select
        active_days.product as product,
        coalesce(registrations.channel, 'unknown') as channel,
        active_days.active_date as active_date,
        active_days.next_date as next_date,
        case
            when active_days.previous_date is null then 'new_users'
            when active_days.previous_date < {{ plus_days('active_days.active_date', -30) }} then 'resurrected_users'
            else 'returning_users'
        end as class
    from active_days
    left join registrations
        on active_days.product = registrations.product and active_days.person_key = registrations.person_key
),

-- People who come and go on the same days change every count alike: from here on they are a number.
stays as (
    select
        product,
        channel,
        active_date,
        next_date,
        class,
        cast(count(*) as bigint) as people
    from classed
    group by product, channel, active_date, next_date, class
),

changes as (
    select product, channel, active_date as date_day, 'any_window' as counted, people as change from stays
    union all
    select product, channel, active_date as date_day, class as counted, people as change from stays
    {%- for column, window_days in windows.items() %}
    union all
    select
        product,
        channel,
        least({{ plus_days('active_date', window_days) }}, coalesce(next_date, {{ plus_days('active_date', window_days) }})) as date_day,
        '{{ column }}' as counted,
        -people as change
    from stays
    {%- endfor %}
),

daily_changes as (
    select
        product,
        channel,
        date_day
        {%- for column in windows %},
        sum(case when counted in ('any_window', '{{ column }}') then change else 0 end) as {{ column }}
        {%- endfor %}
        {%- for column in classes %},
        sum(case when counted = '{{ column }}' then change else 0 end) as {{ column }}
        {%- endfor %}
    from changes
    group by product, channel, date_day
),

channels as (
    select distinct product, channel from stays
),

running as (
    select
        days.product as product,
        days.date_day as date_day,
        channels.channel as channel
        {%- for column in windows %},
        {{ running_total('daily_changes.' ~ column, 'days.product, channels.channel', 'days.date_day') }} as {{ column }}
        {%- endfor %}
        {%- for column in classes %},
        cast(coalesce(daily_changes.{{ column }}, 0) as bigint) as {{ column }}
        {%- endfor %},
        {{ running_total('daily_changes.new_users', 'days.product, channels.channel', 'days.date_day') }} as ever_active_users
    from days
    inner join channels on days.product = channels.product
    left join daily_changes
        on
            days.product = daily_changes.product
            and days.date_day = daily_changes.date_day
            and channels.channel = daily_changes.channel
)

select
    product,
    date_day,
    channel
    {%- for column in (windows | list) + classes %},
    {{ column }}
    {%- endfor %},
    ever_active_users - active_users_monthly as dormant_users
from running
