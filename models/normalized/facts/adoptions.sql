-- One row per action by which somebody took a result: copied, downloaded or saved it.
with events as (
    select * from {{ ref('journey_events') }}
),

adopting_events as (
    select product, event_name from {{ ref('plan_events') }} where is_adoption_action
),

generations as (
    select * from {{ ref('generations') }} where is_success and task_id is not null
),

results as (
    select
        product,
        task_id,
        task_type,
        row_number() over (partition by product, task_id order by {{ event_order('generations') }}) as place
    from generations
)

select
    events.event_key as event_key,
    events.product as product,
    events.task_id as task_id,
    events.person_key as person_key,
    events.occurred_at as occurred_at,
    events.event_date as event_date,
    coalesce(results.task_type, 'unknown') as task_type,
    results.task_id is not null as is_known_task
from events
inner join adopting_events on events.product = adopting_events.product and events.event_name = adopting_events.event_name
left join results on events.product = results.product and events.task_id = results.task_id and results.place = 1
