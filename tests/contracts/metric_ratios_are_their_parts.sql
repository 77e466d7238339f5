-- A metric in ratios is its numerator over its denominator, and nothing when there is nothing to divide by.
with metrics as (
    select metric_key, product, segment, segment_value, date_day, value, numerator, denominator
    from {{ ref('metrics_daily') }}
    where evaluability <> 'not_evaluable'
),

ratios as (
    select metric_key, product from {{ ref('plan_metrics') }} where unit = 'ratio'
)

select metrics.*
from metrics
inner join ratios on metrics.metric_key = ratios.metric_key and metrics.product = ratios.product
where
    (coalesce(metrics.denominator, 0) = 0 and metrics.value is not null)
    or (metrics.denominator <> 0 and coalesce(abs(metrics.value - metrics.numerator / metrics.denominator), 1) > 1e-12)
