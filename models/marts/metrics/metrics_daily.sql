-- One row per metric, product, local day and segment value: every built metric of the plan.
{%- set families = ['acquisition_metrics', 'activity_metrics', 'churn_metrics', 'funnel_metrics', 'payment_metrics',
    'ratio_metrics', 'reliability_metrics', 'retention_metrics', 'revenue_metrics', 'template_metrics', 'value_metrics'] %}

with tidy as (
    {% for family in families %}
    select metric_key, product, date_day, segment, segment_value, numerator, denominator, value, is_mature from {{ ref(family) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {% endfor %}
),

plan as (
    select * from {{ ref('plan_metrics') }} where status = 'built'
),

seen_events as (
    select distinct product, event_name from {{ ref('tracking_plan_coverage') }} where coverage = 'seen'
),

-- The plan says which products have a metric; one that stands on an optional input is not evaluable before that input
-- was ever seen.
inputs as (
    select
        plan.metric_key,
        plan.product,
        plan.required_event is null or seen_events.event_name is not null as is_collected
    from plan
    left join seen_events on plan.product = seen_events.product and plan.required_event = seen_events.event_name
)

select
    {{ text_digest(
        "concat_ws('/', tidy.metric_key, tidy.product, cast(tidy.date_day as " ~ dbt.type_string()
        ~ "), tidy.segment, tidy.segment_value)"
    ) }} as metric_row_key,
    tidy.metric_key,
    tidy.product,
    tidy.date_day,
    tidy.segment,
    tidy.segment_value,
    tidy.numerator,
    tidy.denominator,
    case when inputs.is_collected then tidy.value end as value,
    tidy.is_mature,
    {{ is_low_n('tidy.denominator') }} as is_low_n,
    {{ evaluability('tidy.value', 'inputs.is_collected') }} as evaluability
from tidy
inner join inputs on tidy.metric_key = inputs.metric_key and tidy.product = inputs.product
