-- One row per product and local day: people before and after anonymous ids are joined to users, that day and until then.
with events as (
    select product, event_date, user_id, anonymous_id, known_user_id, known_person_key, occurred_at from {{ ref('events') }} where is_analyzable
),

clock as (
    select product, as_of_end_at from {{ ref('reporting_clock') }}
),

days as (
    select * from {{ ref('product_days') }}
),

known as (
    select
        {{ columns_of('events', ['product', 'event_date', 'user_id', 'known_user_id']) }},
        coalesce(events.user_id, events.anonymous_id) as key_before,
        events.known_person_key as key_after
    from events
    inner join clock on events.product = clock.product
    where events.occurred_at < clock.as_of_end_at and (events.user_id is not null or events.anonymous_id is not null)
),

seen as (
    select
        product,
        event_date as date_day,
        key_before,
        key_after,
        max(case when known_user_id is null then 0 else 1 end) as is_identified,
        sum(case when user_id is null and known_user_id is not null then 1 else 0 end) as linked_events
    from known
    group by product, event_date, key_before, key_after
),

sides as (
    select product, date_day, key_before as actor_key, 1 as is_before, 0 as is_after, 0 as is_identified, 0 as linked_events
    from seen
    union all
    select product, date_day, key_after as actor_key, 0 as is_before, 1 as is_after, is_identified, linked_events
    from seen
),

actors as (
    select
        product,
        date_day,
        actor_key,
        max(is_before) as is_before,
        max(is_after) as is_after,
        max(is_identified) as is_identified,
        sum(linked_events) as linked_events
    from sides
    group by product, date_day, actor_key
),

daily as (
    select
        product,
        date_day,
        sum(is_before) as actors_before,
        sum(is_after) as people_after,
        sum(is_before * (1 - is_after)) as merged_actors,
        sum(is_after * (1 - is_before)) as linked_people,
        sum(is_identified) as identified_people,
        sum(linked_events) as linked_events
    from actors
    group by product, date_day
),

-- The first day on which each is seen, in either way: their counts run up to the totals.
firsts as (
    select
        product,
        actor_key,
        min(case when is_before = 1 then date_day end) as before_day,
        min(case when is_after = 1 then date_day end) as after_day
    from actors
    group by product, actor_key
),

first_days as (
    select product, before_day as date_day, 1 as first_before, 0 as first_after from firsts where before_day is not null
    union all
    select product, after_day as date_day, 0 as first_before, 1 as first_after from firsts where after_day is not null
),

daily_firsts as (
    select
        product,
        date_day,
        sum(first_before) as first_before,
        sum(first_after) as first_after
    from first_days
    group by product, date_day
)

select
    days.product as product,
    days.date_day as date_day,
    {% for column in ['actors_before', 'people_after', 'merged_actors', 'linked_people', 'identified_people', 'linked_events'] -%}
    cast(coalesce(daily.{{ column }}, 0) as bigint) as {{ column }},
    {% endfor -%}
    {{ running_total('daily_firsts.first_before', 'days.product', 'days.date_day') }} as actors_before_to_date,
    {{ running_total('daily_firsts.first_after', 'days.product', 'days.date_day') }} as people_after_to_date
from days
left join daily on days.product = daily.product and days.date_day = daily.date_day
left join daily_firsts on days.product = daily_firsts.product and days.date_day = daily_firsts.date_day
