-- The status of a subscription and its dates say the same. The dates count.
{{ config(severity='warn') }}
select
    product,
    subscription_key,
    start_date,
    end_date
from {{ ref('subscription_periods') }}
where is_status_contradicted
