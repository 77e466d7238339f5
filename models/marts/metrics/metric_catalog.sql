-- One row per metric and product: what it means, where it stands, who answers for it.
with metrics as (
    select * from {{ ref('plan_metrics') }}
),

targets as (
    select * from {{ ref('plan_targets') }}
)

select
    metrics.metric_key,
    metrics.product,
    metrics.name_en,
    metrics.name_zh,
    metrics.definition,
    metrics.formula,
    metrics.unit,
    metrics.grain,
    metrics.metric_window,
    metrics.date_day_means,
    metrics.segments,
    metrics.priority,
    metrics.owner,
    coalesce(targets.direction, metrics.direction) as direction,
    targets.target,
    metrics.source_document,
    metrics.requirement_id,
    metrics.status,
    metrics.mart,
    metrics.mart_column,
    metrics.required_event,
    metrics.is_headline,
    metrics.caveat
from metrics
left join targets on metrics.metric_key = targets.metric_key and metrics.product = targets.product
