-- One row per prompt template and local day, whether or not anything happened: the 30 days that end with it.
{%- set counts = ['executions_30d', 'successes_30d', 'failures_30d', 'executions_with_request_30d', 'matched_executions_30d',
                  'anonymous_executions_30d', 'people_30d', 'repeat_people_30d', 'paid_executors_30d'] %}
{%- set product_counts = ['people_30d', 'paid_people_30d', 'seen_people_30d', 'paid_executors_30d'] %}

with changes as (
    select * from {{ ref('template_window_changes') }}
),

first_successes as (
    select * from {{ ref('template_first_successes') }}
),

days as (
    select * from {{ ref('product_days') }}
),

clock as (
    select product, as_of_date from {{ ref('reporting_clock') }}
),

events as (
    select events.*
    from {{ ref('events') }} as events
    inner join {{ ref('reporting_clock') }} as clock on events.product = clock.product
    where events.is_analyzable and events.occurred_at < clock.as_of_end_at
),

recorded_templates as (
    select distinct product, template_id from events where stream_kind = 'versions' and template_id is not null
),

templates as (
    select product, template_id from recorded_templates
    union
    select product, template_id from {{ ref('template_events') }} where template_id is not null
),

template_days as (
    select
        templates.product,
        templates.template_id,
        days.date_day
    from templates
    inner join days on templates.product = days.product
),

daily_changes as (
    select
        product,
        template_id,
        date_day
        {%- for measure in (counts + product_counts) | unique %},
        sum(case when measure = '{{ measure }}' then change else 0 end) as {{ measure }}
        {%- endfor %}
    from changes
    group by product, template_id, date_day
),

template_windows as (
    select
        template_days.product,
        template_days.template_id,
        template_days.date_day
        {%- for measure in counts %},
        cast(sum(coalesce(daily_changes.{{ measure }}, 0)) over (
            partition by template_days.product, template_days.template_id order by template_days.date_day
        ) as bigint) as {{ measure }}
        {%- endfor %}
    from template_days
    left join daily_changes
        on
            template_days.product = daily_changes.product
            and template_days.template_id = daily_changes.template_id
            and template_days.date_day = daily_changes.date_day
),

product_windows as (
    select
        days.product,
        days.date_day
        {%- for measure in product_counts %},
        sum(coalesce(daily_changes.{{ measure }}, 0)) over (
            partition by days.product order by days.date_day
        ) as {{ measure }}
        {%- endfor %}
    from days
    left join daily_changes
        on days.product = daily_changes.product and days.date_day = daily_changes.date_day and daily_changes.template_id = '*'
),

-- The baseline is delivered as counts per day, so its window is in user-days.
baseline_days as (
    select
        product,
        event_date as date_day,
        sum({{ try_number(json_text('props', "''", "'nonprompt_users'")) }}) as users,
        sum({{ try_number(json_text('props', "''", "'nonprompt_paid_users'")) }}) as paid_users
    from events
    where canonical_event = 'baseline'
    group by product, event_date
),

baseline_windows as (
    select
        days.product,
        days.date_day,
        sum(baseline_days.users) over (
            partition by days.product order by days.date_day rows between 29 preceding and current row
        ) as baseline_user_days_30d,
        sum(baseline_days.paid_users) over (
            partition by days.product order by days.date_day rows between 29 preceding and current row
        ) as baseline_paid_user_days_30d
    from days
    left join baseline_days on days.product = baseline_days.product and days.date_day = baseline_days.date_day
),

measured as (
    select
        {{ columns_of('template_windows', ['product', 'template_id', 'date_day'] + counts) }},
        coalesce(first_successes.people_with_success_30d, 0) as people_with_success_30d,
        first_successes.t_first_success_median_sec_30d,
        first_successes.t_first_success_mean_sec_30d,
        first_successes.t_first_success_p90_sec_30d,
        baseline_windows.baseline_user_days_30d,
        baseline_windows.baseline_paid_user_days_30d,
        product_windows.seen_people_30d - product_windows.people_30d as non_executing_people_30d,
        product_windows.paid_people_30d - product_windows.paid_executors_30d as paid_non_executing_people_30d,
        recorded_templates.template_id is null as is_orphan
    from template_windows
    left join first_successes
        on
            template_windows.product = first_successes.product
            and template_windows.template_id = first_successes.template_id
            and template_windows.date_day = first_successes.date_day
    left join baseline_windows
        on template_windows.product = baseline_windows.product and template_windows.date_day = baseline_windows.date_day
    left join product_windows
        on template_windows.product = product_windows.product and template_windows.date_day = product_windows.date_day
    left join recorded_templates
        on
            template_windows.product = recorded_templates.product
            and template_windows.template_id = recorded_templates.template_id
)

select
    measured.product,
    measured.template_id as prompt_template_id,
    measured.date_day,
    measured.executions_30d,
    measured.successes_30d,
    measured.failures_30d,
    measured.executions_with_request_30d,
    measured.matched_executions_30d,
    measured.anonymous_executions_30d,
    measured.people_30d,
    measured.repeat_people_30d,
    measured.paid_executors_30d as paid_people_30d,
    cast(measured.people_with_success_30d as bigint) as people_with_success_30d,
    cast(measured.baseline_user_days_30d as bigint) as baseline_user_days_30d,
    cast(measured.baseline_paid_user_days_30d as bigint) as baseline_paid_user_days_30d,
    cast(measured.non_executing_people_30d as bigint) as non_executing_people_30d,
    cast(measured.paid_non_executing_people_30d as bigint) as paid_non_executing_people_30d,
    {{ rate('measured.successes_30d', 'measured.executions_30d') }} as completion_rate_30d,
    {{ rate('measured.matched_executions_30d', 'measured.executions_with_request_30d') }} as completion_rate_matched_30d,
    {{ rate('measured.repeat_people_30d', 'measured.people_30d') }} as reuse_rate_30d,
    {{ rate('measured.paid_executors_30d', 'measured.people_30d') }}
    - {{ rate('measured.baseline_paid_user_days_30d', 'measured.baseline_user_days_30d') }} as delta_cr_30d,
    {{ rate('measured.paid_executors_30d', 'measured.people_30d') }}
    - {{ rate('measured.paid_non_executing_people_30d', 'measured.non_executing_people_30d') }} as delta_cr_30d_distinct,
    measured.t_first_success_median_sec_30d,
    measured.t_first_success_mean_sec_30d,
    measured.t_first_success_p90_sec_30d,
    {{ rate('measured.people_30d - measured.people_with_success_30d', 'measured.people_30d') }} as share_without_success_30d,
    {{ rate('measured.anonymous_executions_30d', 'measured.executions_30d') }} as anon_execution_share_30d,
    coalesce(measured.successes_30d > measured.executions_30d, false) as is_rate_gt_1,
    measured.is_orphan,
    measured.date_day = clock.as_of_date as is_latest
from measured
inner join clock on measured.product = clock.product
