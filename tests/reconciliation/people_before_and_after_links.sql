-- The totals of people before and after links are those of the events themselves, counted at once.
with events as (
    select product, user_id, anonymous_id, known_person_key, occurred_at from {{ ref('events') }} where is_analyzable
),

clock as (
    select product, as_of_date, as_of_end_at from {{ ref('reporting_clock') }}
),

published as (
    select product, date_day, actors_before_to_date, people_after_to_date from {{ ref('identity_daily') }}
),

counted as (
    select
        events.product as product,
        count(distinct coalesce(events.user_id, events.anonymous_id)) as actors_before,
        count(distinct events.known_person_key) as people_after
    from events
    inner join clock on events.product = clock.product
    where events.occurred_at < clock.as_of_end_at
    group by events.product
)

select
    counted.product as product,
    counted.actors_before,
    counted.people_after,
    published.actors_before_to_date,
    published.people_after_to_date
from counted
inner join clock on counted.product = clock.product
left join published on counted.product = published.product and clock.as_of_date = published.date_day
where
    published.product is null
    or counted.actors_before <> published.actors_before_to_date
    or counted.people_after <> published.people_after_to_date
