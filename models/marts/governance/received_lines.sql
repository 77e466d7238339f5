-- One row per product, stream, status and reason: what became of every line that was received.
with statuses as (
    select product, stream, status, reason from {{ ref('line_status') }}
)

select
    product,
    stream,
    status,
    coalesce(reason, status) as reason,
    cast(count(*) as bigint) as lines
from statuses
group by product, stream, status, coalesce(reason, status)
