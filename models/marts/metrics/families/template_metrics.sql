-- One row per metric, product, local day and segment value: what prompt templates do.
with templates as (
    select * from {{ ref('prompt_template_daily') }}
),

experiments as (
    select *, prompt_template_id || '/' || variant_label as template_variant from {{ ref('prompt_experiments') }}
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
)

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
    'delta_cr_30d_distinct_low': ['null', 'people_30d', 'delta_cr_30d_distinct_low'],
    'delta_cr_30d_distinct_high': ['null', 'people_30d', 'delta_cr_30d_distinct_high'],
    'delta_cr_30d_after': ['paid_people_after_30d', 'people_30d', 'delta_cr_30d_after'],
    'delta_cr_7d': ['paid_people_7d', 'people_7d', 'delta_cr_7d'],
    'reuse_rate_days_30d': ['repeat_day_people_30d', 'people_30d', 'reuse_rate_days_30d'],
    'no_outcome_share_30d': ['no_outcome_executions_30d', 'settled_executions_30d', 'no_outcome_share_30d'],
    'success_rate_7d': ['successes_7d', 'executions_7d', 'success_rate_7d'],
    'gate_score_7d': ['null', 'executions_7d', 'gate_score_7d'],
    'roi_value_cents_7d': ['null', 'people_7d', 'roi_value_cents_7d'],
    't_first_success_first_ever_median_sec_30d': [
        'null', 'new_people_with_success_30d', 't_first_success_first_ever_median_sec_30d'
    ],
    't_first_success_matched_median_sec_30d': [
        'null', 'people_with_matched_success_30d', 't_first_success_matched_median_sec_30d'
    ],
    't_first_success_median_sec_30d': ['null', 'people_with_success_30d', 't_first_success_median_sec_30d'],
    't_first_success_mean_sec_30d': ['null', 'people_with_success_30d', 't_first_success_mean_sec_30d'],
    't_first_success_p90_sec_30d': ['null', 'people_with_success_30d', 't_first_success_p90_sec_30d'],
    'share_without_success_30d': ['people_30d - people_with_success_30d', 'people_30d', 'share_without_success_30d'],
}, segment="'prompt_template_id'", segment_value='prompt_template_id') }}
union all
{{ tidy_metrics('experiments', {
    'variant_success_rate_14d': ['successes', 'executions', 'success_rate'],
}, segment="'variant'", segment_value='template_variant') }}
