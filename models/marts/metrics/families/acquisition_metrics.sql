-- One row per metric, product, local day and segment value: how many people register, how they came, and whether they activate.
with acquisition as (
    select * from {{ ref('acquisition_daily') }}
),

activation as (
    select * from {{ ref('activation_daily') }}
),

days as (
    select * from {{ ref('product_days') }}
),

plan as (
    select * from {{ ref('plan_metrics') }} where status = 'built'
),

-- A day without registrations is a zero in every product that can have them.
totals as (
    select
        days.product as product,
        days.date_day as date_day,
        coalesce(sum(acquisition.registrations), 0) as registrations
    from days
    inner join plan on days.product = plan.product and plan.metric_key = 'registrations'
    left join acquisition on days.product = acquisition.product and days.date_day = acquisition.date_day
    group by days.product, days.date_day
)

{{ tidy_metrics('totals', {
    'registrations': ['registrations', none, none],
    'user_source_channel': ['registrations', 'registrations', rate('registrations', 'registrations')],
}) }}
union all
{{ tidy_metrics('acquisition', {
    'registrations': ['registrations', none, none],
    'user_source_channel': ['registrations', 'all_registrations', 'share'],
}, segment="'channel'", segment_value='channel') }}
union all
{{ tidy_metrics('activation', {
    'activation_rate_cohort_7d': ['cohort_activations_7d', 'sign_ups', 'activation_rate_cohort_7d'],
}, is_mature='is_mature') }}
