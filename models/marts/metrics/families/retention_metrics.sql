-- One row per metric, product, local day and segment value: who of those registered before comes back.
{%- set metrics = {
    'retention_day_1': 'day_before',
    'retention_day_1_visit': 'day_before',
    'retention_day_1_generate': 'day_before',
    'retention_day_7': 'seven_days_before',
    'retention_week_1': 'one_week_before',
    'retention_week_4': 'four_weeks_before',
    'retention_day_1_rolling_24h': 'day_before',
    'retention_day_7_rolling_24h': 'seven_days_before',
    'retention_week_1_rolling': 'same_day',
    'retention_week_4_rolling': 'same_day',
} %}

with totals as (
    select * from {{ ref('retention_daily') }} where channel = 'all'
),

channels as (
    select * from {{ ref('retention_daily') }} where channel <> 'all'
),

cohorts as (
    select
        product,
        cohort_date as date_day,
        cast(day_number as {{ dbt.type_string() }}) as day_number,
        retained_users,
        cohort_size,
        retention_rate,
        is_mature
    from {{ ref('retention_cohorts') }}
)

{% for metric_key, cohort in metrics.items() -%}
{%- set parts = {metric_key: [metric_key | replace('retention_', 'retained_'), 'registered_' ~ cohort, metric_key]} -%}
{%- set is_mature = metric_key | replace('retention_', 'is_mature_') if 'rolling' in metric_key else 'true' -%}
{{ tidy_metrics('totals', parts, is_mature=is_mature) }}
union all
{{ tidy_metrics('channels', parts, segment="'channel'", segment_value='channel', is_mature=is_mature) }}
union all
{% endfor -%}
{{ tidy_metrics('cohorts', {
    'retention_by_day': ['retained_users', 'cohort_size', 'retention_rate'],
}, segment="'day_number'", segment_value='day_number', is_mature='is_mature') }}
