-- Every part of a milestone is an event of its product, a milestone has one place, and places go from 1 without a gap.
with milestones as (
    select * from {{ ref('plan_milestones') }}
),

events as (
    select product, event_name, canonical_event from {{ ref('plan_events') }}
),

unmeant as (
    select
        milestones.product as product,
        milestones.milestone as milestone
    from milestones
    left join events
        on
            milestones.product = events.product
            and (milestones.event_name = events.event_name or milestones.canonical_event = events.canonical_event)
    where events.product is null
),

many_placed as (
    select
        product,
        milestone
    from milestones
    group by product, milestone
    having count(distinct coalesce(place, 0)) > 1
),

gapped as (
    select
        product,
        cast(null as {{ dbt.type_string() }}) as milestone
    from milestones
    group by product
    having count(distinct place) <> max(place) or count(distinct case when place is not null then milestone end) <> max(place)
)

select product, milestone from unmeant
union all
select product, milestone from many_placed
union all
select product, milestone from gapped
