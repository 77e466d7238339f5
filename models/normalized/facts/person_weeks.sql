-- One row per product, person and week since the first activity that has ended and in which the person could lapse for the
-- first time: what was known when it began, and whether the person lapsed in it.
with lapses as (
    select * from {{ ref('first_lapses') }}
),

generations as (
    select * from {{ ref('generations') }} where (is_success or is_failure) and person_key is not null
),

events as (
    select * from {{ ref('events') }} where is_analyzable and known_user_id is not null
),

measured_products as (
    select distinct product from {{ ref('plan_metrics') }} where metric_key = 'job_success_rate'
),

clock as (
    select product, as_of_end_at from {{ ref('reporting_clock') }}
),

-- Of every week the end must have come, whatever happened in it: else weeks with a lapse would be told sooner than others.
counted as (
    select
        {{ columns_of('lapses', ['product', 'person_key', 'first_date', 'lapsed_date']) }},
        cast(floor(least(
            ({{ dbt.datediff('lapses.first_date', 'lapses.as_of_date', 'day') }} + 1) / 7.0,
            coalesce({{ dbt.datediff('lapses.first_date', 'lapses.lapsed_date', 'day') }} / 7.0 + 1, 1e9)
        )) as integer) as weeks
    from lapses
    inner join measured_products on lapses.product = measured_products.product
),

-- A day for each week, as many days after the first one as the week is weeks after.
laid_out as (
    select
        *,
        {{ list_items(days_from_to('first_date', plus_days('first_date', 'weeks - 1'))) }} as stand_in
    from counted
),

weeks as (
    select
        product,
        person_key,
        lapsed_date,
        {{ dbt.datediff('first_date', 'stand_in', 'day') }} as week_number,
        {{ plus_days('first_date', '7 * ' ~ dbt.datediff('first_date', 'stand_in', 'day')) }} as week_start
    from laid_out
),

told as (
    select
        {{ columns_of('events', ['product', 'event_key', 'event_date', 'occurred_at', 'received_at', 'plan_order']) }},
        events.known_user_id as person_key,
        {{ try_number(json_text('events.props', "''", "'processing_time_ms'")) }} as processing_ms,
        {{ try_number(json_text('events.props', "''", "'credits_after'")) }} as credits
    from events
    inner join measured_products on events.product = measured_products.product
    inner join clock on events.product = clock.product
    where
        events.occurred_at < clock.as_of_end_at
        and events.canonical_event in (
            'generation_started', 'generation_succeeded', 'generation_failed', 'generation_refunded', 'credits_changed'
        )
),

jobs as (
    select
        {{ columns_of('generations', ['product', 'person_key', 'event_date', 'is_success', 'is_failure']) }},
        told.processing_ms
    from generations
    left join told on generations.event_key = told.event_key
),

-- The last balance of a day holds until the next day that tells one.
last_told as (
    select
        *,
        row_number() over (partition by product, person_key, event_date order by {{ event_order('told') }}) as place,
        count(*) over (partition by product, person_key, event_date) as places
    from told
    where credits is not null
),

balances as (
    select
        product,
        person_key,
        credits,
        event_date,
        lead({{ nullable('event_date') }}) over (partition by product, person_key order by event_date) as next_date
    from last_told
    where place = places
),

worked as (
    select
        {{ columns_of('weeks', ['product', 'person_key', 'lapsed_date', 'week_number', 'week_start']) }},
        count(jobs.event_date) as jobs,
        sum(case when jobs.is_failure then 1 else 0 end) as failed_jobs,
        avg(jobs.processing_ms) / 1000 as processing_sec,
        max(case when jobs.is_success then jobs.event_date end) as last_date
    from weeks
    left join jobs
        on
            weeks.product = jobs.product
            and weeks.person_key = jobs.person_key
            and weeks.week_start > jobs.event_date
            and {{ plus_days('weeks.week_start', 'cast(-' ~ plan_setting('churn_days') ~ ' as integer)') }} <= jobs.event_date
    group by weeks.product, weeks.person_key, weeks.lapsed_date, weeks.week_number, weeks.week_start
)

select
    {{ columns_of('worked', ['product', 'person_key', 'week_number', 'week_start', 'jobs']) }},
    {{ rate('worked.failed_jobs', 'worked.jobs') }} as failure_rate,
    worked.processing_sec as processing_sec,
    {{ dbt.datediff('worked.last_date', 'worked.week_start', 'day') }} as days_since_last_job,
    balances.credits as credits_left,
    -- No source tells of any.
    cast(null as {{ double_type() }}) as support_tickets,
    coalesce(worked.lapsed_date < {{ plus_days('worked.week_start', 7) }}, false) as is_lapsed
from worked
left join balances
    on
        worked.product = balances.product
        and worked.person_key = balances.person_key
        and worked.week_start > balances.event_date
        and coalesce(worked.week_start <= balances.next_date, true)
