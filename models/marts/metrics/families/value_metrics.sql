-- One row per metric, product, local day and segment value: what generations are worth to people, and what they cost.
with totals as (
    select * from {{ ref('product_value_daily') }} where task_type = 'all'
),

types as (
    select * from {{ ref('product_value_daily') }} where task_type <> 'all'
),

failures as (
    select * from {{ ref('task_failures_daily') }}
)

{{ tidy_metrics('totals', {
    'total_generations': ['total_generations', none, none],
    'adoption_rate': ['adoption_actions', 'total_generations', 'adoption_rate'],
    'avg_tasks_per_user': ['identified_generations', 'active_users', 'avg_tasks_per_user'],
    'task_error_rate': ['failed_generations', 'terminal_generations', 'task_error_rate'],
    'cost_per_user_token': ['identified_tokens', 'task_users', 'cost_per_user_token'],
    'cost_per_user_token_p50': ['null', 'task_users', 'cost_per_user_token_p50'],
    'cost_per_user_token_p95': ['null', 'task_users', 'cost_per_user_token_p95'],
    'cost_per_user_token_max': ['null', 'task_users', 'cost_per_user_token_max'],
    'token_coverage': ['tasks_with_tokens', 'tasks', 'token_coverage'],
    'cost_per_user_money': ['token_cost', 'task_users', 'cost_per_user_money'],
    'token_cost': ['token_cost', none, none],
    'token_price_coverage': ['tasks_with_cost', 'tasks', 'token_price_coverage'],
}) }}
union all
{{ tidy_metrics('totals', {
    'adoption_rate_tasks': ['adopted_generations', 'total_generations', 'adoption_rate_tasks'],
}, is_mature='is_adoption_mature') }}
union all
{{ tidy_metrics('totals', {
    'no_outcome_generations': ['no_outcome_generations', none, none],
}, is_mature='is_outcome_mature') }}
union all
{{ tidy_metrics('types', {
    'total_generations': ['total_generations', none, none],
    'adoption_rate': ['adoption_actions', 'total_generations', 'adoption_rate'],
}, segment="'task_type'", segment_value='task_type') }}
union all
{{ tidy_metrics('types', {
    'adoption_rate_tasks': ['adopted_generations', 'total_generations', 'adoption_rate_tasks'],
}, segment="'task_type'", segment_value='task_type', is_mature='is_adoption_mature') }}
union all
{{ tidy_metrics('failures', {
    'task_error_rate': [
        'failed_generations', 'terminal_generations', rate('failed_generations', 'terminal_generations')
    ],
}, segment="'failure_class'", segment_value='failure_class') }}
