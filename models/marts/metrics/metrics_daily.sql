-- One row per metric, product, local day and segment value: every built metric of the plan.
with active_users as (
    select * from {{ ref('active_users_daily') }}
),

templates as (
    select * from {{ ref('prompt_template_daily') }}
),

payments as (
    select * from {{ ref('payments_daily') }}
),

template_events as (
    select * from {{ ref('template_events') }}
),

days as (
    select * from {{ ref('product_days') }}
),

plan as (
    select * from {{ ref('plan_metrics') }} where status = 'built'
),

seen_events as (
    select distinct product, event_name from {{ ref('tracking_plan_coverage') }} where coverage = 'seen'
),

-- A day without payments is a zero in every product that can have them.
payers as (
    select
        days.product as product,
        days.date_day as date_day,
        coalesce(sum(payments.new_paying_users), 0) as new_paying_users
    from days
    inner join plan on days.product = plan.product and plan.metric_key = 'new_paying_users'
    left join payments on days.product = payments.product and days.date_day = payments.date_day
    group by days.product, days.date_day
),

execution_days as (
    select
        product,
        event_date,
        count(*) as executions,
        sum(case when person_key is null then 1 else 0 end) as anonymous_executions
    from template_events
    where is_execute
    group by product, event_date
),

-- Executions that name no template count here, unlike in any row of templates.
executions as (
    select
        days.product as product,
        days.date_day as date_day
        {%- for column in ['executions', 'anonymous_executions'] %},
        sum(coalesce(execution_days.{{ column }}, 0)) over (
            partition by days.product order by days.date_day rows between 29 preceding and current row
        ) as {{ column }}_30d
        {%- endfor %}
    from days
    inner join plan on days.product = plan.product and plan.metric_key = 'anon_execution_share'
    left join execution_days on days.product = execution_days.product and days.date_day = execution_days.event_date
),

tidy as (
    {{ tidy_metrics('active_users', {
        'active_users_daily': ['active_users_daily', none, none],
        'active_users_weekly': ['active_users_weekly', none, none],
        'active_users_monthly': ['active_users_monthly', none, none],
    }) }}
    union all
    {{ tidy_metrics('payers', {
        'new_paying_users': ['new_paying_users', none, none],
    }) }}
    union all
    {{ tidy_metrics('executions', {
        'anon_execution_share': [
            'anonymous_executions_30d', 'executions_30d', rate('anonymous_executions_30d', 'executions_30d')
        ],
    }) }}
    union all
    {{ tidy_metrics('templates', {
        'completion_rate_30d': ['successes_30d', 'executions_30d', 'completion_rate_30d'],
        'completion_rate_matched_30d': ['matched_executions_30d', 'executions_with_request_30d', 'completion_rate_matched_30d'],
        'reuse_rate_30d': ['repeat_people_30d', 'people_30d', 'reuse_rate_30d'],
        'delta_cr_30d': ['paid_people_30d', 'people_30d', 'delta_cr_30d'],
        'delta_cr_30d_distinct': ['paid_people_30d', 'people_30d', 'delta_cr_30d_distinct'],
        't_first_success_median_sec_30d': ['null', 'people_with_success_30d', 't_first_success_median_sec_30d'],
        't_first_success_mean_sec_30d': ['null', 'people_with_success_30d', 't_first_success_mean_sec_30d'],
        't_first_success_p90_sec_30d': ['null', 'people_with_success_30d', 't_first_success_p90_sec_30d'],
        'share_without_success_30d': ['people_30d - people_with_success_30d', 'people_30d', 'share_without_success_30d'],
    }, segment="'prompt_template_id'", segment_value='prompt_template_id') }}
),

-- A metric that stands on an optional input is not evaluable before that input was ever seen.
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
    case when coalesce(inputs.is_collected, true) then tidy.value end as value,
    tidy.is_mature,
    {{ is_low_n('tidy.denominator') }} as is_low_n,
    {{ evaluability('tidy.value', 'coalesce(inputs.is_collected, true)') }} as evaluability
from tidy
left join inputs on tidy.metric_key = inputs.metric_key and tidy.product = inputs.product
