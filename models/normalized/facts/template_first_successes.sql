-- One row per product, template and reporting day: how long people took from their first execution in the 30 days that end
-- with it to their first success at or after that execution, within the same days.
{%- set window_days = 30 %}

with template_events as (
    select * from {{ ref('template_events') }} where person_key is not null and template_id is not null
),

clock as (
    select product, utc_offset_minutes, as_of_date from {{ ref('reporting_clock') }}
),

-- A success with the same timestamp as its execution counts: `range` takes in equal times.
followed as (
    select
        product,
        template_id,
        person_key,
        event_date,
        occurred_at,
        is_execute,
        min(case when is_success then occurred_at end) over (
            partition by product, template_id, person_key
            order by occurred_at
            range between current row and unbounded following
        ) as succeeded_at
    from template_events
    where is_execute or is_success
),

-- Only the first execution of a day can be the first of a window.
first_of_day as (
    select
        product,
        template_id,
        person_key,
        event_date,
        min(occurred_at) as executed_at,
        min(succeeded_at) as succeeded_at
    from followed
    where is_execute
    group by product, template_id, person_key, event_date
),

sequenced as (
    select
        *,
        lag({{ nullable('event_date') }}) over (partition by product, template_id, person_key order by event_date) as previous_date
    from first_of_day
),

-- It is the first of the windows that begin after the previous executing day and not after its own.
valid as (
    select
        sequenced.product,
        sequenced.template_id,
        sequenced.previous_date is null as is_first_ever,
        {{ seconds_between('sequenced.executed_at', 'sequenced.succeeded_at') }} as seconds_to_success,
        greatest(
            sequenced.event_date,
            coalesce({{ plus_days('sequenced.previous_date', window_days) }}, sequenced.event_date),
            cast({{ plus_minutes('sequenced.succeeded_at', 'clock.utc_offset_minutes') }} as {{ date_type() }})
        ) as first_day,
        least({{ plus_days('sequenced.event_date', window_days - 1) }}, clock.as_of_date) as last_day
    from sequenced
    inner join clock on sequenced.product = clock.product
    where sequenced.succeeded_at is not null
),

repeated as (
    select
        product,
        template_id,
        is_first_ever,
        seconds_to_success,
        {{ list_items(days_from_to('first_day', 'last_day')) }} as date_day
    from valid
    where first_day <= last_day
)

select
    product,
    template_id,
    date_day,
    count(*) as people_with_success_30d,
    {{ percentile('seconds_to_success', 0.5) }} as t_first_success_median_sec_30d,
    avg(seconds_to_success) as t_first_success_mean_sec_30d,
    {{ percentile('seconds_to_success', 0.9) }} as t_first_success_p90_sec_30d,
    sum(case when is_first_ever then 1 else 0 end) as new_people_with_success_30d,
    -- Of people who had executed the template before the window, the first success came after a later execution.
    {{ percentile('case when is_first_ever then seconds_to_success end', 0.5) }} as t_first_success_first_ever_median_sec_30d
from repeated
group by product, template_id, date_day
