-- One row per metric, product, local day and segment value: one state after the one before it, and whole funnels.
with transitions as (
    select * from {{ ref('funnel_transitions') }} where cohort_grain = 'day' and to_number = from_number + 1
),

conversions as (
    select * from {{ ref('funnel_conversions') }} where cohort_grain = 'day' and channel = 'all'
),

states as (
    select * from {{ ref('plan_states') }}
),

funnels as (
    select * from {{ ref('plan_funnels') }} where metric_key is not null
),

last_steps as (
    select funnel_key, max(step) as step
    from {{ ref('plan_funnel_steps') }}
    group by funnel_key
),

days as (
    select * from {{ ref('product_days') }}
),

clock as (
    select product, as_of_date from {{ ref('reporting_clock') }}
),

{%- set pair_key = "'p_s' || cast({} as " ~ dbt.type_string() ~ ") || '_given_s' || cast({} as " ~ dbt.type_string() ~ ")" %}

cohorts as (
    select
        {{ pair_key.format('to_number', 'from_number') }} as metric_key,
        product,
        window_days,
        campaign_id,
        cohort_date,
        to_people as numerator,
        from_people as denominator
    from transitions
    union all
    select
        funnels.metric_key as metric_key,
        conversions.product as product,
        funnels.window_days as window_days,
        conversions.campaign_id as campaign_id,
        conversions.cohort_date as cohort_date,
        conversions.people as numerator,
        conversions.entrants as denominator
    from conversions
    inner join funnels on conversions.funnel_key = funnels.funnel_key
    inner join last_steps on conversions.funnel_key = last_steps.funnel_key and conversions.step = last_steps.step
),

-- The total has a row on every day, also of a metric that nobody has entered.
series as (
    select distinct metric_key, product, window_days, campaign_id from cohorts where campaign_id <> 'all'
    union all
    select metric_key, product, window_days, 'all' as campaign_id from funnels
    union all
    select
        {{ pair_key.format('next_states.state_number', 'states.state_number') }} as metric_key,
        states.product as product,
        next_states.window_days as window_days,
        'all' as campaign_id
    from states
    inner join states as next_states
        on states.product = next_states.product and states.state_number + 1 = next_states.state_number
),

laid_out as (
    select
        series.metric_key as metric_key,
        days.product as product,
        days.date_day as date_day,
        case when series.campaign_id = 'all' then 'all' else 'campaign_id' end as segment,
        series.campaign_id as campaign_id,
        coalesce(cohorts.numerator, 0) as numerator,
        coalesce(cohorts.denominator, 0) as denominator,
        {{ plus_days('days.date_day', 'series.window_days') }} <= clock.as_of_date as is_mature
    from days
    inner join series on days.product = series.product
    inner join clock on days.product = clock.product
    left join cohorts
        on
            days.product = cohorts.product
            and days.date_day = cohorts.cohort_date
            and series.metric_key = cohorts.metric_key
            and series.campaign_id = cohorts.campaign_id
)

select
    metric_key,
    product,
    date_day,
    segment,
    campaign_id as segment_value,
    cast(numerator as {{ double_type() }}) as numerator,
    cast(denominator as {{ double_type() }}) as denominator,
    {{ rate('numerator', 'denominator') }} as value,
    is_mature
from laid_out
