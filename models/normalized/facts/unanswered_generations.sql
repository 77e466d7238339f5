-- One row per generation that began and had no outcome of any kind within the time that the plan allows.
with events as (
    select * from {{ ref('events') }}
    where is_analyzable and canonical_event = 'generation_started' and task_id is not null
),

generations as (
    select * from {{ ref('generations') }} where task_id is not null
),

clock as (
    select product, as_of_end_at from {{ ref('reporting_clock') }}
),

begun as (
    select {{ columns_of('events', ['event_key', 'product', 'task_id', 'occurred_at', 'event_date', 'task_type']) }}
    from events
    inner join clock on events.product = clock.product
    where {{ is_mature('events.occurred_at', plan_setting('no_outcome_hours'), 'clock.as_of_end_at') }}
),

answered as (
    select distinct begun.event_key
    from begun
    inner join generations on begun.product = generations.product and begun.task_id = generations.task_id
    where {{ within_hours('generations.occurred_at', 'begun.occurred_at', plan_setting('no_outcome_hours')) }}
)

select
    begun.event_key,
    begun.product,
    begun.task_id,
    begun.occurred_at,
    begun.event_date,
    coalesce(begun.task_type, 'unknown') as task_type
from begun
left join answered on begun.event_key = answered.event_key
where answered.event_key is null
