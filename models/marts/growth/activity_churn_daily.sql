-- One row per product and local day: people who were active long enough ago, and those of them who did not come back.
-- A person who is active on a day has churned `churn_days` later unless active again by then, until the next active day.
{%- set counts = ['ever_active_people', 'lapsed_people', 'base_people', 'base_lapsed_people'] %}

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
        lag({{ nullable('active_date') }}) over (partition by product, person_key order by active_date) is null as is_first,
        {{ plus_days('active_date', plan_setting('churn_days')) }} as lapses_on,
        {{ plus_days('active_date', '2 * ' ~ plan_setting('churn_days')) }} as leaves_base_on,
        lead({{ nullable('active_date') }}) over (partition by product, person_key order by active_date) as next_date
    from active_days
),

changes as (
    select product, lapses_on as date_day, 'ever_active_people' as counted, 1 as change from stays where is_first
    union all
    select product, lapses_on as date_day, 'lapsed_people' as counted, 1 as change from stays where coalesce(next_date > lapses_on, true)
    union all
    select product, next_date as date_day, 'lapsed_people' as counted, -1 as change from stays where next_date > lapses_on
    union all
    select product, lapses_on as date_day, 'base_people' as counted, 1 as change from stays
    union all
    select
        product,
        least(leaves_base_on, coalesce({{ plus_days('next_date', plan_setting('churn_days')) }}, leaves_base_on)) as date_day,
        'base_people' as counted,
        -1 as change
    from stays
    union all
    select product, lapses_on as date_day, 'base_lapsed_people' as counted, 1 as change from stays where coalesce(next_date > lapses_on, true)
    union all
    select product, least(leaves_base_on, coalesce(next_date, leaves_base_on)) as date_day, 'base_lapsed_people' as counted, -1 as change
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
        cast(sum(coalesce(daily_changes.{{ column }}, 0)) over (
            partition by days.product order by days.date_day
        ) as bigint) as {{ column }}
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
