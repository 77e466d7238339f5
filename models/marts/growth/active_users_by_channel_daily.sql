-- One row per product, local day and channel: people with a successful generation that day and in the 7, 28 and 30 days that
-- end with it, by the channel through which they registered.
-- A person enters a rolling window on an active day and leaves it `days` later unless active again before: one change up
-- and one down per active day, however long the window is.
{%- set windows = {'active_users_daily': 1, 'active_users_weekly': 7, 'active_users_28d': 28, 'active_users_monthly': 30} %}

with generations as (
    select * from {{ ref('generations') }} where is_success and person_key is not null
),

registrations as (
    select product, person_key, channel from {{ ref('registrations') }}
),

days as (
    select * from {{ ref('product_days') }}
),

active_days as (
    select distinct product, person_key, event_date as active_date from generations
),

stays as (
    select
        active_days.product as product,
        coalesce(registrations.channel, 'unknown') as channel,
        active_days.active_date as active_date,
        lag({{ nullable('active_days.active_date') }}) over (
            partition by active_days.product, active_days.person_key order by active_days.active_date
        ) as previous_date,
        lead({{ nullable('active_days.active_date') }}) over (
            partition by active_days.product, active_days.person_key order by active_days.active_date
        ) as next_date
    from active_days
    left join registrations
        on active_days.product = registrations.product and active_days.person_key = registrations.person_key
),

changes as (
    {% for column, window_days in windows.items() %}
    select product, channel, active_date as date_day, '{{ column }}' as counted, 1 as change from stays
    union all
    select
        product,
        channel,
        least({{ plus_days('active_date', window_days) }}, coalesce(next_date, {{ plus_days('active_date', window_days) }})) as date_day,
        '{{ column }}' as counted,
        -1 as change
    from stays
    union all
    {% endfor %}
    select
        product,
        channel,
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
        channel,
        date_day
        {%- for column in (windows | list) + ['new_users', 'returning_users', 'resurrected_users'] %},
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
        sum(coalesce(daily_changes.{{ column }}, 0)) over (
            partition by days.product, channels.channel order by days.date_day
        ) as {{ column }}
        {%- endfor %}
        {%- for column in ['new_users', 'returning_users', 'resurrected_users'] %},
        coalesce(daily_changes.{{ column }}, 0) as {{ column }}
        {%- endfor %},
        sum(coalesce(daily_changes.new_users, 0)) over (
            partition by days.product, channels.channel order by days.date_day
        ) as ever_active_users
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
    {%- for column in (windows | list) + ['new_users', 'returning_users', 'resurrected_users'] %},
    cast({{ column }} as bigint) as {{ column }}
    {%- endfor %},
    cast(ever_active_users - active_users_monthly as bigint) as dormant_users
from running
