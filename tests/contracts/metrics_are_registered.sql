-- Every metric of the tidy table is a built metric of the plan, and every built metric that has a total stands there on
-- every day of its product, zeros included.
with metrics as (
    select
        metric_key,
        product,
        sum(case when segment = 'all' then 1 else 0 end) as total_days
    from {{ ref('metrics_daily') }}
    group by metric_key, product
),

registered as (
    select metric_key, product, '|' || segments || '|' as segments
    from {{ ref('plan_metrics') }}
    where status = 'built'
),

days as (
    select product, count(*) as days
    from {{ ref('product_days') }}
    group by product
)

select
    metrics.metric_key,
    metrics.product,
    'not a built metric of the plan' as fault
from metrics
left join registered on metrics.metric_key = registered.metric_key and metrics.product = registered.product
where registered.metric_key is null
union all
select
    registered.metric_key,
    registered.product,
    'not there on every day' as fault
from registered
inner join days on registered.product = days.product
left join metrics on registered.metric_key = metrics.metric_key and registered.product = metrics.product
where registered.segments like '%|all|%' and coalesce(metrics.total_days, 0) <> days.days
