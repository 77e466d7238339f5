-- One row per product and local day: people who bought a credit pack long enough ago, and those of them who stay away.
{%- set horizons = {'30d': 'credit_pack_churn_days', '60d': 'credit_pack_churn_days_60', '90d': 'credit_pack_churn_days_90'} %}

with buyers as (
    select product, person_key, event_date as bought_date from {{ ref('milestones') }} where milestone = 'credit_pack_bought'
),

products as (
    select distinct product from {{ ref('plan_milestones') }} where milestone = 'credit_pack_bought'
),

visits as (
    select distinct product, person_key, event_date from {{ ref('journey_events') }} where is_visit
),

jobs as (
    select product, person_key, active_date as event_date from {{ ref('active_days') }}
),

subscriptions as (
    select * from {{ ref('subscription_periods') }} where is_paying and not is_same_day
),

days as (
    select * from {{ ref('product_days') }}
),

followed as (
    select
        days.product as product,
        days.date_day as date_day,
        {{ columns_of('buyers', ['person_key', 'bought_date']) }}
        {%- for what in ['visits', 'jobs'] %},
        max({{ what }}.event_date) over (partition by days.product, buyers.person_key order by days.date_day) as last_{{ what }}_date
        {%- endfor %}
    from days
    inner join buyers on days.product = buyers.product and days.date_day >= buyers.bought_date
    {%- for what in ['visits', 'jobs'] %}
    left join {{ what }}
        on days.product = {{ what }}.product and buyers.person_key = {{ what }}.person_key and days.date_day = {{ what }}.event_date
    {%- endfor %}
),

subscribed as (
    select distinct
        {{ columns_of('followed', ['product', 'date_day', 'person_key']) }}
    from followed
    inner join subscriptions
        on
            followed.product = subscriptions.product
            and followed.person_key = subscriptions.customer
            and followed.date_day >= subscriptions.start_date
            and coalesce(followed.date_day < subscriptions.end_date, true)
),

-- Since when everybody who has no subscription on the day has been a buyer, and away.
away as (
    select
        {{ columns_of('followed', ['product', 'date_day', 'bought_date']) }},
        coalesce(followed.last_visits_date, followed.bought_date) as last_visit_date,
        coalesce(
            followed.last_jobs_date <= {{ plus_days('followed.date_day', "cast(-" ~ plan_setting('churn_days') ~ " as integer)") }}, true
        ) as is_idle
    from followed
    left join subscribed
        on
            followed.product = subscribed.product
            and followed.date_day = subscribed.date_day
            and followed.person_key = subscribed.person_key
    where subscribed.product is null
),

counted as (
    select
        product,
        date_day
        {%- for horizon, setting in horizons.items() %}
        {%- set last_day = plus_days('date_day', 'cast(-' ~ plan_setting(setting) ~ ' as integer)') %},
        count(case when bought_date <= {{ last_day }} then 1 end) as buyers_{{ horizon }},
        count(case when bought_date <= {{ last_day }} and last_visit_date <= {{ last_day }} then 1 end) as away_buyers_{{ horizon }},
        count(
            case when bought_date <= {{ last_day }} and (last_visit_date <= {{ last_day }} or is_idle) then 1 end
        ) as away_or_idle_buyers_{{ horizon }}
        {%- endfor %}
    from away
    group by product, date_day
)

select
    days.product as product,
    days.date_day as date_day
    {%- for horizon in horizons %}
    {%- for count in ['buyers', 'away_buyers', 'away_or_idle_buyers'] %},
    cast(coalesce(counted.{{ count }}_{{ horizon }}, 0) as bigint) as {{ count }}_{{ horizon }}
    {%- endfor %},
    {{ rate('counted.away_buyers_' ~ horizon, 'counted.buyers_' ~ horizon) }} as credit_pack_churn_{{ horizon }},
    {{ rate('counted.away_or_idle_buyers_' ~ horizon, 'counted.buyers_' ~ horizon) }} as credit_pack_churn_{{ horizon }}_or_idle
    {%- endfor %}
from days
inner join products on days.product = products.product
left join counted on days.product = counted.product and days.date_day = counted.date_day
