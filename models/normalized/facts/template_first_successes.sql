-- One row per product, template and reporting day: how long people took from their first execution in the 30 days that end
-- with it to their first success at or after that execution, within the same days; by any success, and by that of the request.
{%- set window_days = 30 %}

with template_events as (
    select * from {{ ref('template_events') }} where person_key is not null and template_id is not null
),

clock as (
    select product, utc_offset_minutes, as_of_date from {{ ref('reporting_clock') }}
),

kinds as (
    select 0 as is_matched
    union all
    select 1 as is_matched
),

meant as (
    select
        {{ columns_of('template_events', [
            'product', 'template_id', 'person_key', 'event_date', 'occurred_at', 'is_execute', 'is_success',
        ]) }},
        kinds.is_matched as is_matched,
        case when kinds.is_matched = 1 then template_events.task_id end as request_id
    from template_events
    cross join kinds
    where
        (template_events.is_execute or template_events.is_success)
        and (kinds.is_matched = 0 or template_events.task_id is not null)
),

-- A success with the same timestamp as its execution counts: `range` takes in equal times.
followed as (
    select
        *,
        min(case when is_success then occurred_at end) over (
            partition by is_matched, product, template_id, person_key, request_id
            order by occurred_at
            range between current row and unbounded following
        ) as succeeded_at
    from meant
),

-- Only the first execution of a day can be the first of a window.
placed as (
    select
        *,
        rank() over (partition by is_matched, product, template_id, person_key, event_date order by occurred_at) as place
    from followed
    where is_execute
),

first_of_day as (
    select
        is_matched,
        product,
        template_id,
        person_key,
        event_date,
        min(occurred_at) as executed_at,
        min(succeeded_at) as succeeded_at
    from placed
    where place = 1
    group by is_matched, product, template_id, person_key, event_date
),

sequenced as (
    select
        *,
        lag({{ nullable('event_date') }}) over (
            partition by is_matched, product, template_id, person_key order by event_date
        ) as previous_date
    from first_of_day
),

-- It is the first of the windows that begin after the previous executing day and not after its own.
valid as (
    select
        sequenced.is_matched,
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
        is_matched,
        product,
        template_id,
        is_first_ever,
        seconds_to_success,
        {{ list_items(days_from_to('first_day', 'last_day')) }} as date_day
    from valid
    where first_day <= last_day
)

{%- set seconds = 'case when is_matched = 0 then seconds_to_success end' %}
{%- set new_seconds = 'case when is_matched = 0 and is_first_ever then seconds_to_success end' %}

select
    product,
    template_id,
    date_day,
    count({{ seconds }}) as people_with_success_30d,
    {{ percentile(seconds, 0.5) }} as t_first_success_median_sec_30d,
    avg({{ seconds }}) as t_first_success_mean_sec_30d,
    {{ percentile(seconds, 0.9) }} as t_first_success_p90_sec_30d,
    count({{ new_seconds }}) as new_people_with_success_30d,
    -- Of people who had executed the template before the window, the first success came after a later execution.
    {{ percentile(new_seconds, 0.5) }} as t_first_success_first_ever_median_sec_30d,
    sum(is_matched) as people_with_matched_success_30d,
    {{ percentile('case when is_matched = 1 then seconds_to_success end', 0.5) }} as t_first_success_matched_median_sec_30d
from repeated
group by product, template_id, date_day
