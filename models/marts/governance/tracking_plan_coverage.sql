-- One row per product and event name: planned and seen, planned but never seen, or seen but unplanned.
with planned as (
    select * from {{ ref('plan_events') }}
),

events as (
    select product, event_name, occurred_at from {{ ref('events') }}
),

named as (
    select * from {{ ref('named_events') }}
),

violations as (
    select * from {{ ref('event_violations') }}
),

clock as (
    select product, as_of_end_at from {{ ref('reporting_clock') }}
),

sightings as (
    select product, event_name, occurred_at, true as is_accepted from events
    union all
    select
        product,
        case
            when raw_event_name is null then '(missing)'
            when {{ suspected_pii('raw_event_name') }} then '(withheld)'
            else raw_event_name
        end as event_name,
        occurred_at,
        false as is_accepted
    from named
    where event_name is null
),

seen as (
    select
        sightings.product,
        sightings.event_name,
        count(*) as lines,
        min(sightings.occurred_at) as first_seen_at,
        max(sightings.occurred_at) as last_seen_at
        {%- for label, days in [('24h', 1), ('7d', 7), ('30d', 30)] %},
        sum(case
            when sightings.occurred_at >= clock.as_of_end_at - interval '{{ days }} day' then 1 else 0
        end) as lines_{{ label }}
        {%- endfor %}
    from sightings
    inner join clock on sightings.product = clock.product
    where sightings.occurred_at < clock.as_of_end_at
    group by sightings.product, sightings.event_name
),

-- What a line broke is known since it happened; a line without a possible time, since it arrived.
counted_rules as (
    select
        {{ columns_of('violations', ['product', 'event_name', 'rule', 'severity']) }},
        count(*) as violations
    from named
    inner join violations on {{ same_line('named', 'violations') }}
    inner join clock on named.product = clock.product
    where
        violations.event_name is not null
        and least(coalesce(named.occurred_at, named.received_at), named.received_at) < clock.as_of_end_at
    group by violations.product, violations.event_name, violations.rule, violations.severity
),

rules as (
    select
        product,
        event_name,
        rule,
        sum(violations) as violations
        {%- for severity in ['reject', 'error', 'warn'] %},
        sum(case when severity = '{{ severity }}' then violations else 0 end) as {{ severity }}_violations
        {%- endfor %}
    from counted_rules
    group by product, event_name, rule
),

broken as (
    select
        product,
        event_name
        {%- for column in ['violations', 'reject_violations', 'error_violations', 'warn_violations'] %},
        sum({{ column }}) as {{ column }}
        {%- endfor %},
        {{ joined_text("rule || ' ' || cast(violations as " ~ dbt.type_string() ~ ")", ', ', 'rule') }} as violations_by_rule
    from rules
    group by product, event_name
),

names as (
    select product, event_name from planned
    union
    select product, event_name from seen
)

select
    names.product as product,
    names.event_name as event_name,
    planned.event_name is not null as is_planned,
    case
        when planned.event_name is null then 'unplanned'
        when seen.event_name is null then 'never_seen'
        else 'seen'
    end as coverage,
    planned.origin,
    planned.category,
    planned.owner,
    planned.expected_source,
    planned.requirement_id,
    seen.first_seen_at,
    seen.last_seen_at,
    cast(coalesce(seen.lines, 0) as bigint) as lines,
    cast(coalesce(seen.lines_24h, 0) as bigint) as lines_24h,
    cast(coalesce(seen.lines_7d, 0) as bigint) as lines_7d,
    cast(coalesce(seen.lines_30d, 0) as bigint) as lines_30d,
    cast(coalesce(broken.violations, 0) as bigint) as violations,
    cast(coalesce(broken.reject_violations, 0) as bigint) as reject_violations,
    cast(coalesce(broken.error_violations, 0) as bigint) as error_violations,
    cast(coalesce(broken.warn_violations, 0) as bigint) as warn_violations,
    broken.violations_by_rule
from names
left join planned on names.product = planned.product and names.event_name = planned.event_name
left join seen on names.product = seen.product and names.event_name = seen.event_name
left join broken on names.product = broken.product and names.event_name = broken.event_name
