-- A product that has governance events in its plan has some on its latest day: none at all is `no_data`, not complete.
{{ config(severity='warn') }}
with latest as (
    {{ latest_event_dates() }}
),

asking as (
    select distinct
        product,
        event_name
    from {{ ref('plan_event_rules') }}
    where
        property in ('policy_tag', 'action_required', 'escalation_level')
        and (is_required or required_when_property is not null)
),

checks as (
    select
        checks.product,
        checks.event_date,
        count(*) as lines
    from {{ ref('governance_checks') }} as checks
    inner join asking on checks.product = asking.product and checks.event_name = asking.event_name
    group by checks.product, checks.event_date
)

select
    latest.product,
    latest.event_date,
    'no_data' as evaluability
from latest
left join checks on latest.product = checks.product and latest.event_date = checks.event_date
where latest.product in (select asking.product from asking) and checks.lines is null
