-- One row per generation that ended, whatever the product calls it: who, when, with what outcome.
with events as (
    select * from {{ ref('events') }} where is_analyzable
),

clock as (
    select product, as_of_end_at from {{ ref('reporting_clock') }}
),

known as (
    select events.*
    from events
    inner join clock on events.product = clock.product
    where
        events.occurred_at < clock.as_of_end_at
        and events.canonical_event in ('generation_started', 'generation_succeeded', 'generation_failed')
),

ended as (
    select * from known where canonical_event <> 'generation_started'
),

-- An outcome that names nobody belongs to the account that started the task.
starters as (
    select
        product,
        task_id,
        min(account_id) as account_id
    from known
    where canonical_event = 'generation_started' and task_id is not null and account_id is not null
    group by product, task_id
)

select
    ended.event_key,
    ended.product,
    ended.task_id,
    coalesce(ended.known_user_id, ended.account_id, starters.account_id) as person_key,
    ended.template_id,
    ended.occurred_at,
    ended.event_date,
    ended.received_at,
    coalesce(ended.task_type, 'unknown') as task_type,
    ended.canonical_event = 'generation_succeeded' as is_success,
    {{ try_number('ended.tokens_text') }} as tokens
from ended
left join starters on ended.product = starters.product and ended.task_id = starters.task_id
