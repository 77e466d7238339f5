-- One row per ratio of events, side, actor and local day on which the actor has an event of that side.
with events as (
    select * from {{ ref('events') }} where is_analyzable
),

ratios as (
    select * from {{ ref('plan_event_ratios') }}
),

clock as (
    select product, as_of_end_at from {{ ref('reporting_clock') }}
),

sides as (
    select metric_key, product, counts, window_days, 'numerator' as side, numerator_event as event_name from ratios
    union all
    select metric_key, product, counts, window_days, 'denominator' as side, denominator_event as event_name from ratios
),

counted as (
    select
        sides.metric_key,
        sides.product as product,
        sides.side,
        sides.window_days,
        case when sides.counts = 'person_key' then events.known_person_key else events.anonymous_id end as actor_key,
        events.event_date
    from events
    inner join sides on events.product = sides.product and events.event_name = sides.event_name
    inner join clock on events.product = clock.product
    where events.occurred_at < clock.as_of_end_at
)

select distinct metric_key, product, side, window_days, actor_key, event_date
from counted
where actor_key is not null
