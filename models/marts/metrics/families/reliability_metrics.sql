-- One row per metric, product, local day and segment value: how jobs end. A segment value ever seen has every day.
{%- set segments = {'all': "'all'", 'mode': 'mode', 'platform': 'platform'} %}

with jobs as (
    select * from {{ ref('jobs_daily') }}
),

days as (
    select * from {{ ref('product_days') }}
),

plan as (
    select * from {{ ref('plan_metrics') }} where status = 'built'
),

ended as (
    {% for segment, value in segments.items() %}
    select
        product,
        date_day,
        '{{ segment }}' as segment,
        {{ value }} as segment_value,
        sum(jobs_ended) as jobs_ended,
        sum(jobs_succeeded) as jobs_succeeded,
        sum(jobs_refunded) as jobs_refunded
    from jobs
    group by product, date_day, {{ value }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {% endfor %}
),

segment_values as (
    select distinct product, segment, segment_value from ended
    union
    select product, 'all' as segment, 'all' as segment_value from plan where metric_key = 'job_success_rate'
),

daily as (
    select
        days.product as product,
        days.date_day as date_day,
        segment_values.segment as segment_kind,
        segment_values.segment_value as segment_value,
        coalesce(ended.jobs_ended, 0) as jobs_ended,
        coalesce(ended.jobs_succeeded, 0) as jobs_succeeded,
        coalesce(ended.jobs_refunded, 0) as jobs_refunded
    from days
    inner join segment_values on days.product = segment_values.product
    left join ended
        on
            days.product = ended.product
            and days.date_day = ended.date_day
            and segment_values.segment = ended.segment
            and segment_values.segment_value = ended.segment_value
)

{{ tidy_metrics('daily', {
    'job_success_rate': ['jobs_succeeded', 'jobs_ended', rate('jobs_succeeded', 'jobs_ended')],
    'job_refund_rate': ['jobs_refunded', 'jobs_ended', rate('jobs_refunded', 'jobs_ended')],
}, segment='segment_kind', segment_value='segment_value') }}
