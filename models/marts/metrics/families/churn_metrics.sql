-- One row per metric, product, local day and segment value: people who stop.
with activity as (
    select * from {{ ref('activity_churn_daily') }}
)

{{ tidy_metrics('activity', {
    'churn_rate_30d': ['lapsed_people', 'ever_active_people', 'churn_rate_30d'],
    'churn_rate_30d_active_base': ['base_lapsed_people', 'base_people', 'churn_rate_30d_active_base'],
}) }}
