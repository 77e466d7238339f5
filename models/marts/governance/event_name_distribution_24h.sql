-- One row per product and name sent in the last 24 hours of the reporting day, quarantined names included.
with named as (
    select * from {{ ref('named_events') }}
),

statuses as (
    select * from {{ ref('line_status') }}
),

clock as (
    select product, as_of_end_at from {{ ref('reporting_clock') }}
),

recent as (
    select
        named.product as product,
        case
            when named.raw_event_name is null then '(missing)'
            when {{ suspected_pii('named.raw_event_name') }} then '(withheld)'
            else named.raw_event_name
        end as raw_event_name,
        named.event_name,
        statuses.status
    from named
    inner join statuses on {{ same_line('named', 'statuses') }}
    inner join clock on named.product = clock.product
    where
        named.occurred_at < clock.as_of_end_at
        and named.occurred_at >= clock.as_of_end_at - interval '1 day'
),

counted as (
    select
        product,
        raw_event_name,
        event_name,
        count(*) as lines,
        sum(case when status = 'accepted' then 1 else 0 end) as accepted_lines,
        sum(case when status = 'quarantined' then 1 else 0 end) as quarantined_lines,
        sum(case when status = 'duplicate' then 1 else 0 end) as duplicate_lines
    from recent
    group by product, raw_event_name, event_name
)

select
    {{ text_digest("concat_ws('/', product, raw_event_name, coalesce(event_name, '-'))") }} as distribution_key,
    product,
    raw_event_name,
    event_name,
    event_name is not null as is_planned,
    coalesce(event_name <> raw_event_name, false) as is_alias,
    cast(lines as bigint) as lines,
    cast(accepted_lines as bigint) as accepted_lines,
    cast(quarantined_lines as bigint) as quarantined_lines,
    cast(duplicate_lines as bigint) as duplicate_lines,
    cast(lines as double) / sum(lines) over (partition by product) as share_of_product
from counted
