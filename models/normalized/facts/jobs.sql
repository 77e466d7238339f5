-- One row per job in the products whose plan measures jobs: when it was created, how it ended, and whether in legal order.
with events as (
    select * from {{ ref('events') }} where is_analyzable
),

measured_products as (
    select distinct product from {{ ref('plan_metrics') }} where metric_key = 'job_success_rate'
),

clock as (
    select product, as_of_end_at from {{ ref('reporting_clock') }}
),

moves as (
    select
        {{ columns_of('events', ['event_key', 'product', 'task_id', 'occurred_at', 'received_at', 'event_date', 'plan_order']) }},
        events.known_user_id as person_key,
        case events.canonical_event
            when 'generation_started' then 'created'
            when 'generation_succeeded' then 'succeeded'
            when 'generation_failed' then 'failed'
            else 'refunded'
        end as move,
        events.job_mode as mode,
        events.job_platform as platform,
        events.failure_reason as failure_reason
    from events
    inner join measured_products on events.product = measured_products.product
    inner join clock on events.product = clock.product
    where
        events.task_id is not null
        and events.occurred_at < clock.as_of_end_at
        and events.canonical_event in ('generation_started', 'generation_succeeded', 'generation_failed', 'generation_refunded')
),

ordered as (
    select
        moves.*,
        row_number() over (
            partition by product, task_id, case when move in ('succeeded', 'failed') then 1 else 0 end
            order by occurred_at desc, received_at desc, plan_order desc, event_key desc
        ) as place_from_end
    from moves
),

jobs as (
    select
        product,
        task_id,
        max(person_key) as person_key,
        min(case when move = 'created' then occurred_at end) as created_at,
        min(case when move = 'succeeded' then occurred_at end) as succeeded_at,
        min(case when move in ('succeeded', 'failed') then occurred_at end) as first_ended_at,
        max(case when move in ('succeeded', 'failed') then occurred_at end) as ended_at,
        max(case when move in ('succeeded', 'failed') then event_date end) as ended_date,
        max(case when move in ('succeeded', 'failed') and place_from_end = 1 then move end) as outcome,
        sum(case when move in ('succeeded', 'failed') then 1 else 0 end) as attempts,
        sum(case when move = 'succeeded' then 1 else 0 end) as successes,
        min(case when move = 'refunded' then occurred_at end) as refunded_at,
        max(mode) as mode,
        max(platform) as platform,
        max(case when move = 'failed' and place_from_end = 1 then failure_reason end) as failure_reason
    from ordered
    group by product, task_id
)

select
    product,
    task_id,
    person_key,
    created_at,
    ended_at,
    ended_date,
    refunded_at,
    outcome,
    attempts,
    coalesce(mode, 'unknown') as mode,
    coalesce(platform, 'unknown') as platform,
    case when outcome = 'failed' then coalesce(failure_reason, 'unknown') else 'none' end as failure_reason,
    refunded_at is not null as is_refunded,
    -- Created, then failures until a success, which is final; a refund after an outcome.
    coalesce(
        created_at is not null
        and coalesce(first_ended_at >= created_at, true)
        and successes <= 1
        and (successes = 0 or outcome = 'succeeded')
        and (refunded_at is null or refunded_at >= first_ended_at),
        false
    ) as is_in_legal_order
from jobs
