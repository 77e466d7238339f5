-- One row per product, stream, event, property and rule of the plan that was broken.
with violations as (
    select * from {{ ref('event_violations') }}
),

named as (
    select
        product,
        stream,
        event_name,
        case when {{ suspected_pii('property') }} then '(withheld)' else property end as property,
        rule,
        severity
    from violations
),

counted as (
    select
        product,
        stream,
        event_name,
        property,
        rule,
        severity,
        cast(count(*) as bigint) as lines
    from named
    group by product, stream, event_name, property, rule, severity
)

select
    {{ text_digest("concat_ws('/', product, stream, coalesce(event_name, '-'), coalesce(property, '-'), rule, severity)") }} as violation_key,
    *
from counted
