-- Every landed line is in exactly one count of received_lines.
with landed as (
    select
        product,
        stream,
        count(*) as lines
    from {{ ref('landed_lines') }}
    group by product, stream
),

counted as (
    select
        product,
        stream,
        sum(lines) as lines
    from {{ ref('received_lines') }}
    group by product, stream
)

select
    landed.product as product,
    landed.stream as stream,
    landed.lines as landed_lines,
    counted.lines as counted_lines
from landed
left join counted on landed.product = counted.product and landed.stream = counted.stream
where counted.lines is null or counted.lines <> landed.lines
