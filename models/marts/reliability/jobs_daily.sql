-- One row per product, local day, mode, platform and failure reason in which jobs ended: how many, and how.
with jobs as (
    select * from {{ ref('jobs') }} where outcome is not null
)

select
    product,
    ended_date as date_day,
    mode,
    platform,
    failure_reason,
    cast(count(*) as bigint) as jobs_ended,
    cast(sum(case when outcome = 'succeeded' then 1 else 0 end) as bigint) as jobs_succeeded,
    cast(sum(case when outcome = 'failed' then 1 else 0 end) as bigint) as jobs_failed,
    cast(sum(case when attempts > 1 then 1 else 0 end) as bigint) as jobs_retried,
    cast(sum(case when is_refunded then 1 else 0 end) as bigint) as jobs_refunded,
    cast(sum(case when is_in_legal_order then 0 else 1 end) as bigint) as jobs_out_of_order
from jobs
group by product, ended_date, mode, platform, failure_reason
