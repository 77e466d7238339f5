-- landing_view and cta_click belong to two products, and to these two only.
with owners as (
    select
        event_name,
        count(case when product in ('landing', 'blanklogo') then 1 end) as expected_owners,
        count(*) as owners
    from {{ ref('plan_events') }}
    where event_name in ('landing_view', 'cta_click')
    group by event_name
),

names as (
    select 'landing_view' as event_name
    union all
    select 'cta_click' as event_name
)

select
    names.event_name,
    owners.expected_owners,
    owners.owners
from names
left join owners on names.event_name = owners.event_name
where owners.event_name is null or owners.expected_owners <> 2 or owners.owners <> 2
