-- One row per product, template ('*' = any template), day and measure: by how much the measure's value over a window changes that day.
-- Every measure is a count over the window of the 7 or 30 local days that end with a day. Whatever enters the count on a day
-- leaves it when the fact it stands on is as many days old, so each fact costs one change up and one down.
{%- set windows = [7, 30] %}

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

outcomes as (
    select product, template_id, task_id, occurred_at, is_success
    from template_events
    where (is_success or is_failure) and task_id is not null
),

-- Executions with a request: the first success and the first outcome of the request at or after them.
answered as (
    select
        executed.product,
        executed.template_id,
        executed.event_key,
        executed.event_date,
        executed.occurred_at,
        min(case when outcomes.is_success and outcomes.occurred_at >= executed.occurred_at then outcomes.occurred_at end) as succeeded_at,
        min(case when outcomes.occurred_at >= executed.occurred_at then outcomes.occurred_at end) as ended_at
    from template_events as executed
    left join outcomes
        on
            executed.product = outcomes.product
            and executed.template_id = outcomes.template_id
            and executed.task_id = outcomes.task_id
    where executed.is_execute and executed.task_id is not null and executed.template_id is not null
    group by executed.product, executed.template_id, executed.event_key, executed.event_date, executed.occurred_at
),

offsets as (
    select
        product,
        utc_offset_minutes,
        cast({{ plan_setting('no_outcome_hours') }} as integer) as no_outcome_hours
    from {{ ref('plan_products') }}
),

-- When the wait for an outcome is over.
waited as (
    select
        answered.*,
        {{ within_hours('answered.ended_at', 'answered.occurred_at', 'offsets.no_outcome_hours') }} as has_outcome_in_time,
        {{ plus_minutes('answered.occurred_at', 'offsets.no_outcome_hours * 60 + offsets.utc_offset_minutes') }} as settled_local_at,
        cast({{ plus_minutes('answered.succeeded_at', 'offsets.utc_offset_minutes') }} as {{ date_type() }}) as succeeded_date
    from answered
    inner join offsets on answered.product = offsets.product
),

-- Stays: from the first day on which a fact counts to the day before `end_date`.
-- People who did something in the window: disjoint stays, one per active day.
active_days as (
    select distinct product, template_id, person_key, event_date, 'people' as measure
    from template_events
    where is_execute and person_key is not null and template_id is not null
    union
    select distinct product, '*' as template_id, person_key, event_date, 'people' as measure
    from template_events
    where is_execute and person_key is not null
    union
    select distinct product, '*' as template_id, person_key, event_date, 'paid_people' as measure
    from template_events
    where is_paid and person_key is not null
    union
    select distinct product, '*' as template_id, person_key, event_date, 'net_paid_people' as measure
    from template_events
    where is_paid_amount and person_key is not null
    union
    select distinct product, '*' as template_id, person_key, event_date, 'seen_people' as measure
    from template_events
    where person_key is not null
),

sequenced_days as (
    select
        *,
        lag({{ nullable('event_date') }}) over (partition by product, template_id, person_key, measure order by event_date) as previous_date,
        lead({{ nullable('event_date') }}) over (partition by product, template_id, person_key, measure order by event_date) as next_date
    from active_days
),

active_stays as (
    {%- for days in windows %}
    select
        product,
        template_id,
        person_key,
        measure,
        '_{{ days }}d' as suffix,
        event_date as start_date,
        least({{ plus_days('event_date', days) }}, coalesce(next_date, {{ plus_days('event_date', days) }})) as end_date
    from sequenced_days
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

-- People who executed (a template, or any) and paid in the same window: where the two stays overlap.
paid_executor_stays as (
    select
        executed.product,
        executed.template_id,
        case paid.measure when 'paid_people' then 'paid_executors' else 'net_paid_executors' end || executed.suffix as measure,
        greatest(executed.start_date, paid.start_date) as start_date,
        least(executed.end_date, paid.end_date) as end_date
    from active_stays as executed
    inner join active_stays as paid
        on
            executed.product = paid.product
            and executed.person_key = paid.person_key
            and executed.suffix = paid.suffix
            and executed.start_date < paid.end_date
            and executed.end_date > paid.start_date
    where executed.measure = 'people' and paid.measure in ('paid_people', 'net_paid_people')
),

execution_days as (
    select
        product,
        template_id,
        person_key,
        event_date,
        min(occurred_at) as first_at
    from template_events
    where is_execute and person_key is not null and template_id is not null
    group by product, template_id, person_key, event_date
),

payment_days as (
    select
        product,
        person_key,
        event_date,
        max(occurred_at) as last_at
    from template_events
    where is_paid and person_key is not null
    group by product, person_key, event_date
),

-- People who paid at or after an execution of the same window: each day of payments with the latest execution before them.
paid_after as (
    select
        execution_days.product,
        execution_days.template_id,
        execution_days.person_key,
        payment_days.event_date as event_date,
        max(execution_days.event_date) as executed_date
    from execution_days
    inner join payment_days
        on execution_days.product = payment_days.product and execution_days.person_key = payment_days.person_key
    where
        execution_days.first_at <= payment_days.last_at
        and execution_days.event_date > {{ plus_days('payment_days.event_date', -30) }}
    group by execution_days.product, execution_days.template_id, execution_days.person_key, payment_days.event_date
),

sequenced_paid_after as (
    select
        *,
        lead({{ nullable('event_date') }}) over (partition by product, template_id, person_key order by event_date) as next_date
    from paid_after
),

stays as (
    select product, template_id, measure || suffix as measure, start_date, end_date from active_stays
    union all
    select product, template_id, measure, start_date, end_date from paid_executor_stays
    union all
    select
        product,
        template_id,
        'paid_executors_after_30d' as measure,
        event_date as start_date,
        least({{ plus_days('executed_date', 30) }}, coalesce(next_date, {{ plus_days('executed_date', 30) }})) as end_date
    from sequenced_paid_after
    union all
    -- People with two executions in the window: from the second one until the first leaves or a third takes over.
    select
        product,
        template_id,
        'repeat_people_30d' as measure,
        event_date as start_date,
        least({{ plus_days('other_date', 30) }}, coalesce(next_date, {{ plus_days('other_date', 30) }})) as end_date
    from repetitions
    where other_date is not null
    union all
    select
        product,
        template_id,
        'repeat_day_people_30d' as measure,
        event_date as start_date,
        least({{ plus_days('previous_date', 30) }}, coalesce(next_date, {{ plus_days('previous_date', 30) }})) as end_date
    from sequenced_days
    where measure = 'people' and previous_date is not null
    union all
    -- People whose first execution ever is in the window.
    select
        product,
        template_id,
        'new_people_30d' as measure,
        event_date as start_date,
        {{ plus_days('event_date', 30) }} as end_date
    from sequenced_days
    where measure = 'people' and previous_date is null
    union all
    -- An execution is matched from the day on which the first success of its request is known.
    select
        product,
        template_id,
        'matched_executions_30d' as measure,
        greatest(event_date, succeeded_date) as start_date,
        {{ plus_days('event_date', 30) }} as end_date
    from waited
    where succeeded_at is not null
    {%- for measure, condition in {
        'settled_executions_30d': 'true',
        'no_outcome_executions_30d': 'not coalesce(has_outcome_in_time, false)',
    }.items() %}
    union all
    -- A wait that is over exactly at midnight is over on the day that ends there.
    select
        product,
        template_id,
        '{{ measure }}' as measure,
        case
            when cast(cast(settled_local_at as {{ date_type() }}) as {{ timestamp_type() }}) = settled_local_at
                then {{ plus_days('cast(settled_local_at as ' ~ date_type() ~ ')', -1) }}
            else cast(settled_local_at as {{ date_type() }})
        end as start_date,
        {{ plus_days('event_date', 30) }} as end_date
    from waited
    where {{ condition }}
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
