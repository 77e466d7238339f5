-- Lines of the last 24 hours under a name that the plan does not know stay within the plan's share and count.
with named as (
    select
        product,
        sum(lines) as all_lines,
        sum(case when is_planned then 0 else lines end) as unknown_lines
    from {{ ref('event_name_distribution_24h') }}
    group by product
),

gates as (
    select * from {{ ref('plan_gates') }}
    where gate_key = 'unknown_event_share'
)

select
    named.product,
    named.all_lines,
    named.unknown_lines
from named
cross join gates
where
    named.unknown_lines >= gates.min_count
    and named.unknown_lines > gates.max_share * named.all_lines
