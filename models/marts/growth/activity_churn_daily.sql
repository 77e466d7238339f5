-- One row per product and local day: people who were active long enough ago, and those of them who did not come back.
-- A person who is active on a day has churned `churn_days` later unless active again by then, until the next active day.
{%- set counts = ['ever_active_people', 'lapsed_people', 'base_people', 'base_lapsed_people'] %}

with active_days as (
    select * from {{ ref('active_days') }}
),

days as (
    select * from {{ ref('product_days') }}
),

stays as (
    select
        product,
        previous_date is null as is_first,
        {{ plus_days('active_date', plan_setting('churn_days')) }} as lapses_on,
        {{ plus_days('active_date', '2 * ' ~ plan_setting('churn_days')) }} as leaves_base_on,
        next_date,
        cast(count(*) as bigint) as people
    from active_days
    group by product, active_date, next_date, previous_date is null
),

changes as (
    select product, lapses_on as date_day, 'ever_active_people' as counted, people as change from stays where is_first
    union all
    select product, lapses_on as date_day, 'lapsed_people' as counted, people as change from stays where coalesce(next_date > lapses_on, true)
    union all
    select product, next_date as date_day, 'lapsed_people' as counted, -people as change from stays where next_date > lapses_on
    union all
    select product, lapses_on as date_day, 'base_people' as counted, people as change from stays
    union all
    select
        product,
        least(leaves_base_on, coalesce({{ plus_days('next_date', plan_setting('churn_days')) }}, leaves_base_on)) as date_day,
        'base_people' as counted,
        -people as change
    from stays
    union all
    select product, lapses_on as date_day, 'base_lapsed_people' as counted, people as change from stays where coalesce(next_date > lapses_on, true)
    union all
    select product, least(leaves_base_on, coalesce(next_date, leaves_base_on)) as date_day, 'base_lapsed_people' as counted, -people as change
    from stays
    where coalesce(next_date > lapses_on, true)
),

daily_changes as (
    select
        product,
        date_day
        {%- for column in counts %},
        sum(case when counted = '{{ column }}' then change else 0 end) as {{ column }}
        {%- endfor %}
    from changes
    group by product, date_day
),

running as (
    select
        days.product as product,
        days.date_day as date_day
        {%- for column in counts %},
        {{ running_total('daily_changes.' ~ column, 'days.product', 'days.date_day') }} as {{ column }}
        {%- endfor %}
    from days
    left join daily_changes on days.product = daily_changes.product and days.date_day = daily_changes.date_day
)

select
    product,
    date_day,
    ever_active_people,
    lapsed_people,
    base_people,
    base_lapsed_people,
    {{ rate('lapsed_people', 'ever_active_people') }} as churn_rate_30d,
    {{ rate('base_lapsed_people', 'base_people') }} as churn_rate_30d_active_base
from running
