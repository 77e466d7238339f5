-- One row per generation that ended, whatever the product calls it: who, when, with what outcome, at what cost.
with events as (
    select * from {{ ref('events') }} where is_analyzable
),

clock as (
    select product, as_of_end_at from {{ ref('reporting_clock') }}
),

failure_classes as (
    select failure_code, failure_class from {{ ref('plan_failure_classes') }}
),

token_costs as (
    select * from {{ ref('token_costs') }}
),

known as (
    select
        {{ columns_of('events', [
            'event_key', 'product', 'known_user_id', 'account_id', 'task_id', 'template_id', 'occurred_at', 'event_date', 'received_at',
            'plan_order', 'canonical_event', 'task_type', 'model', 'failure_code',
        ]) }},
        {{ try_number('events.tokens_text') }} as tokens
    from events
    inner join clock on events.product = clock.product
    where
        events.occurred_at < clock.as_of_end_at
        and events.canonical_event in ('generation_started', 'generation_succeeded', 'generation_failed', 'generation_canceled')
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
    ended.event_key as event_key,
    ended.product as product,
    ended.task_id as task_id,
    coalesce(ended.known_user_id, ended.account_id, starters.account_id) as person_key,
    ended.template_id as template_id,
    ended.occurred_at as occurred_at,
    ended.event_date as event_date,
    ended.received_at as received_at,
    ended.plan_order as plan_order,
    coalesce(ended.task_type, 'unknown') as task_type,
    ended.model as model,
    ended.canonical_event = 'generation_succeeded' as is_success,
    ended.canonical_event = 'generation_failed' as is_failure,
    case when ended.canonical_event = 'generation_failed' then coalesce(failure_classes.failure_class, 'other') end as failure_class,
    ended.tokens as tokens,
    -- A model or day without a price: nothing is known of the cost, but of no tokens.
    case when ended.tokens = 0 then 0 else ended.tokens * token_costs.cost_per_token end as token_cost
from ended
left join starters on ended.product = starters.product and ended.task_id = starters.task_id
left join failure_classes on lower(ended.failure_code) = failure_classes.failure_code
left join token_costs
    on
        ended.product = token_costs.product
        and ended.model = token_costs.model
        and ended.event_date >= token_costs.valid_from
        and ended.event_date < token_costs.valid_until
