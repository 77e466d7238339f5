-- One row per generation that ended, whatever the product calls it: who, when, with what outcome.
with events as (
    select * from {{ ref('events') }} where is_analyzable
),

clock as (
    select product, as_of_end_at from {{ ref('reporting_clock') }}
),

ended as (
    select * from events where canonical_event in ('generation_succeeded', 'generation_failed')
),

-- An outcome that names nobody belongs to whoever started the task.
starters as (
    select
        product,
        task_id,
        min(coalesce(user_id, account_id)) as starter
    from events
    where task_id is not null and coalesce(user_id, account_id) is not null
    group by product, task_id
)

select
    ended.event_key,
    ended.product,
    ended.task_id,
    coalesce(ended.user_id, ended.account_id, starters.starter) as person_key,
    ended.template_id,
    ended.occurred_at,
    ended.event_date,
    ended.received_at,
    coalesce(ended.task_type, 'unknown') as task_type,
    ended.canonical_event = 'generation_succeeded' as is_success,
    {{ try_number('ended.tokens_text') }} as tokens
from ended
inner join clock on ended.product = clock.product
left join starters on ended.product = starters.product and ended.task_id = starters.task_id
where ended.occurred_at < clock.as_of_end_at
