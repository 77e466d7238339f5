-- One row per product, local day and task type (`all` for any): what generations are worth to people, and what they cost.
{%- set counts = ['adoption_actions', 'adopted_generations', 'no_outcome_generations'] %}
{%- set sums = ['tasks', 'successes', 'failures', 'known_tokens', 'tokens', 'known_costs', 'costs'] %}

with generations as (
    select * from {{ ref('generations') }}
),

successes as (
    select event_key, product, task_id, occurred_at, event_date, task_type from {{ ref('generations') }} where is_success
),

adoptions as (
    select * from {{ ref('adoptions') }}
),

unanswered as (
    select * from {{ ref('unanswered_generations') }}
),

days as (
    select * from {{ ref('product_days') }}
),

clock as (
    select product, as_of_date, as_of_end_at from {{ ref('reporting_clock') }}
),

person_tasks as (
    select
        product,
        event_date,
        task_type,
        person_key,
        count(*) as tasks,
        sum(case when is_success then 1 else 0 end) as successes,
        sum(case when is_failure then 1 else 0 end) as failures,
        count(tokens) as known_tokens,
        sum(tokens) as tokens,
        count(token_cost) as known_costs,
        sum(token_cost) as costs,
        max(case when is_success then occurred_at end) as last_success_at
    from generations
    group by product, event_date, task_type, person_key
),

task_types as (
    select distinct product, task_type from person_tasks
    union
    select distinct product, task_type from adoptions
    union
    select distinct product, task_type from unanswered
    union
    select distinct product, 'all' as task_type from days
),

-- People are counted, and percentiles taken, of each type and once more of all: they do not add up.
person_days as (
    select
        product,
        event_date,
        task_type,
        person_key
        {%- for column in sums %},
        {{ column }}
        {%- endfor %},
        last_success_at
    from person_tasks
    union all
    select
        product,
        event_date,
        'all' as task_type,
        person_key
        {%- for column in sums %},
        sum({{ column }}) as {{ column }}
        {%- endfor %},
        max(last_success_at) as last_success_at
    from person_tasks
    group by product, event_date, person_key
),

made as (
    select
        product,
        event_date,
        task_type,
        sum(tasks) as tasks,
        sum(successes) as successes,
        sum(failures) as failures,
        sum(known_tokens) as known_tokens,
        sum(known_costs) as known_costs,
        sum(tokens) as tokens,
        sum(case when person_key is not null then successes else 0 end) as identified_successes,
        sum(case when person_key is not null then tokens end) as identified_tokens,
        sum(case when person_key is not null then costs end) as identified_costs,
        sum(case when person_key is not null and successes > 0 then 1 else 0 end) as active_users,
        sum(case when person_key is not null then 1 else 0 end) as task_users,
        {{ percentile('case when person_key is not null then tokens end', 0.5) }} as tokens_p50,
        {{ percentile('case when person_key is not null then tokens end', 0.95) }} as tokens_p95,
        max(case when person_key is not null then tokens end) as tokens_max,
        max(last_success_at) as last_success_at
    from person_days
    group by product, event_date, task_type
),

adopted as (
    select distinct
        successes.event_key as event_key,
        successes.product as product,
        successes.event_date as event_date,
        successes.task_type as task_type
    from successes
    inner join adoptions on successes.product = adoptions.product and successes.task_id = adoptions.task_id
    where {{ within_hours('adoptions.occurred_at', 'successes.occurred_at', plan_setting('adoption_window_days') ~ ' * 24') }}
),

-- Counts of generations and of actions do add up over types.
counted as (
    select product, event_date, task_type, 'adoption_actions' as counted from adoptions
    union all
    select product, event_date, task_type, 'adopted_generations' as counted from adopted
    union all
    select product, event_date, task_type, 'no_outcome_generations' as counted from unanswered
),

counted_by_type as (
    select
        product,
        event_date,
        task_type
        {%- for column in counts %},
        sum(case when counted = '{{ column }}' then 1 else 0 end) as {{ column }}
        {%- endfor %}
    from counted
    group by product, event_date, task_type
),

counted_days as (
    select
        product,
        event_date,
        task_type
        {%- for column in counts %},
        {{ column }}
        {%- endfor %}
    from counted_by_type
    union all
    select
        product,
        event_date,
        'all' as task_type
        {%- for column in counts %},
        sum({{ column }}) as {{ column }}
        {%- endfor %}
    from counted_by_type
    group by product, event_date
),

spread as (
    select
        days.product as product,
        days.date_day as date_day,
        task_types.task_type as task_type,
        clock.as_of_date as as_of_date,
        clock.as_of_end_at as as_of_end_at
    from days
    inner join task_types on days.product = task_types.product
    inner join clock on days.product = clock.product
)

select
    spread.product as product,
    spread.date_day as date_day,
    spread.task_type as task_type,
    cast(coalesce(made.successes, 0) as bigint) as total_generations,
    cast(coalesce(made.failures, 0) as bigint) as failed_generations,
    cast(coalesce(made.successes, 0) + coalesce(made.failures, 0) as bigint) as terminal_generations,
    cast(coalesce(counted_days.no_outcome_generations, 0) as bigint) as no_outcome_generations,
    cast(coalesce(counted_days.adoption_actions, 0) as bigint) as adoption_actions,
    cast(coalesce(counted_days.adopted_generations, 0) as bigint) as adopted_generations,
    cast(coalesce(made.identified_successes, 0) as bigint) as identified_generations,
    cast(coalesce(made.active_users, 0) as bigint) as active_users,
    cast(coalesce(made.tasks, 0) as bigint) as tasks,
    cast(coalesce(made.known_tokens, 0) as bigint) as tasks_with_tokens,
    cast(coalesce(made.known_costs, 0) as bigint) as tasks_with_cost,
    cast(coalesce(made.task_users, 0) as bigint) as task_users,
    cast(round(coalesce(made.tokens, 0), 0) as bigint) as tokens,
    cast(round(coalesce(made.identified_tokens, 0), 0) as bigint) as identified_tokens,
    cast(coalesce(made.identified_costs, 0) as {{ double_type() }}) as token_cost,
    {{ rate('coalesce(counted_days.adoption_actions, 0)', 'made.successes') }} as adoption_rate,
    {{ rate('coalesce(counted_days.adopted_generations, 0)', 'made.successes') }} as adoption_rate_tasks,
    {{ rate('made.identified_successes', 'made.active_users') }} as avg_tasks_per_user,
    {{ rate('made.failures', 'made.successes + made.failures') }} as task_error_rate,
    {{ rate('coalesce(made.identified_tokens, 0)', 'made.task_users') }} as cost_per_user_token,
    made.tokens_p50 as cost_per_user_token_p50,
    made.tokens_p95 as cost_per_user_token_p95,
    made.tokens_max as cost_per_user_token_max,
    {{ rate('made.known_tokens', 'made.tasks') }} as token_coverage,
    {{ rate('coalesce(made.identified_costs, 0)', 'made.task_users') }} as cost_per_user_money,
    {{ rate('made.known_costs', 'made.tasks') }} as token_price_coverage,
    coalesce(
        {{ is_mature('made.last_success_at', plan_setting('adoption_window_days') ~ ' * 24', 'spread.as_of_end_at') }},
        true
    ) as is_adoption_mature,
    {{ is_mature(
        'cast(' ~ plus_days('spread.date_day', 1) ~ ' as ' ~ timestamp_type() ~ ')', plan_setting('no_outcome_hours'),
        'cast(' ~ plus_days('spread.as_of_date', 1) ~ ' as ' ~ timestamp_type() ~ ')'
    ) }} as is_outcome_mature
from spread
left join made
    on spread.product = made.product and spread.date_day = made.event_date and spread.task_type = made.task_type
left join counted_days
    on
        spread.product = counted_days.product
        and spread.date_day = counted_days.event_date
        and spread.task_type = counted_days.task_type
