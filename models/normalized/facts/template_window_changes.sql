-- One row per product, template ('*' = any template), day and measure: by how much the measure's 30-day value changes that day.
-- Every measure is a count over the window of the 30 local days that end with a day; whatever enters the count on a day
-- leaves it 30 days after the fact it stands on, so each fact costs one change up and one down.
{%- set window_days = 30 %}

with template_events as (
    select * from {{ ref('template_events') }}
),

executions as (
    select
        *,
        coalesce(task_id, event_key) as request,
        row_number() over (partition by product, template_id, person_key order by occurred_at, event_key) as execution_number
    from template_events
    where is_execute and person_key is not null and template_id is not null
),

neighbours as (
    select
        *,
        lag({{ nullable('event_date') }}) over (partition by product, template_id, person_key order by execution_number) as previous_date,
        lag({{ nullable('request') }}) over (partition by product, template_id, person_key order by execution_number) as previous_request,
        lead({{ nullable('event_date') }}) over (partition by product, template_id, person_key order by execution_number) as next_date
    from executions
),

-- The same request sent again is no second execution: what counts is the latest one before it of another request.
repetitions as (
    select
        product,
        template_id,
        event_date,
        next_date,
        max(case when request <> previous_request then previous_date end) over (
            partition by product, template_id, person_key
            order by execution_number
            rows between unbounded preceding and current row
        ) as other_date
    from neighbours
),

success_times as (
    select product, template_id, task_id, occurred_at
    from template_events
    where is_success and task_id is not null
),

-- An execution is matched from the day on which the first success of its request, at or after it, is known.
matched as (
    select
        executed.product,
        executed.template_id,
        executed.event_key,
        executed.event_date,
        min(success_times.occurred_at) as succeeded_at
    from template_events as executed
    inner join success_times
        on
            executed.product = success_times.product
            and executed.template_id = success_times.template_id
            and executed.task_id = success_times.task_id
            and executed.occurred_at <= success_times.occurred_at
    where executed.is_execute
    group by executed.product, executed.template_id, executed.event_key, executed.event_date
),

offsets as (
    select product, utc_offset_minutes from {{ ref('plan_products') }}
),

-- Stays: from the first day on which a fact counts to the day before `end_date`.
-- People who did something in the window: disjoint stays, one per active day.
active_days as (
    select distinct product, template_id, person_key, event_date, 'executed' as did
    from template_events
    where is_execute and person_key is not null and template_id is not null
    union
    select distinct product, '*' as template_id, person_key, event_date, 'executed' as did
    from template_events
    where is_execute and person_key is not null
    union
    select distinct product, '*' as template_id, person_key, event_date, 'paid' as did
    from template_events
    where is_paid and person_key is not null
    union
    select distinct product, '*' as template_id, person_key, event_date, 'seen' as did
    from template_events
    where person_key is not null
),

active_stays as (
    select
        product,
        template_id,
        person_key,
        did,
        event_date as start_date,
        least(
            {{ plus_days('event_date', window_days) }},
            coalesce(
                lead({{ nullable('event_date') }}) over (partition by product, template_id, person_key, did order by event_date),
                {{ plus_days('event_date', window_days) }}
            )
        ) as end_date
    from active_days
),

-- People who executed (a template, or any) and paid in the same window: where the two stays overlap.
paid_executor_stays as (
    select
        executed.product,
        executed.template_id,
        greatest(executed.start_date, paid.start_date) as start_date,
        least(executed.end_date, paid.end_date) as end_date
    from active_stays as executed
    inner join active_stays as paid
        on
            executed.product = paid.product
            and executed.person_key = paid.person_key
            and executed.start_date < paid.end_date
            and executed.end_date > paid.start_date
    where executed.did = 'executed' and paid.did = 'paid'
),

-- People with two executions in the window: from the second one until the first leaves or a third takes over.
repeat_stays as (
    select
        product,
        template_id,
        event_date as start_date,
        least(
            {{ plus_days('other_date', window_days) }},
            coalesce(next_date, {{ plus_days('other_date', window_days) }})
        ) as end_date
    from repetitions
    where other_date is not null
),

matched_stays as (
    select
        matched.product,
        matched.template_id,
        greatest(
            matched.event_date,
            cast({{ plus_minutes('matched.succeeded_at', 'offsets.utc_offset_minutes') }} as {{ date_type() }})
        ) as start_date,
        {{ plus_days('matched.event_date', window_days) }} as end_date
    from matched
    inner join offsets on matched.product = offsets.product
),

stays as (
    select
        product,
        template_id,
        case did when 'executed' then 'people_30d' when 'paid' then 'paid_people_30d' else 'seen_people_30d' end as measure,
        start_date,
        end_date
    from active_stays
    union all
    select product, template_id, 'repeat_people_30d' as measure, start_date, end_date from repeat_stays
    union all
    select product, template_id, 'paid_executors_30d' as measure, start_date, end_date from paid_executor_stays
    union all
    select product, template_id, 'matched_executions_30d' as measure, start_date, end_date from matched_stays
    {%- for measure, condition in {
        'executions_30d': 'is_execute',
        'executions_with_request_30d': 'is_execute and task_id is not null',
        'anonymous_executions_30d': 'is_execute and person_key is null',
        'successes_30d': 'is_success',
        'failures_30d': 'is_failure',
    }.items() %}
    union all
    select
        product,
        template_id,
        '{{ measure }}' as measure,
        event_date as start_date,
        {{ plus_days('event_date', window_days) }} as end_date
    from template_events
    where {{ condition }} and template_id is not null
    {%- endfor %}
),

changes as (
    select product, template_id, measure, start_date as date_day, 1 as change from stays where start_date < end_date
    union all
    select product, template_id, measure, end_date as date_day, -1 as change from stays where start_date < end_date
)

select
    product,
    template_id,
    date_day,
    measure,
    sum(change) as change
from changes
group by product, template_id, date_day, measure
