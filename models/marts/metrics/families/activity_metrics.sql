-- One row per metric, product, local day and segment value: how many people are active.
with active_users as (
    select * from {{ ref('active_users_daily') }}
)

{{ tidy_metrics('active_users', {
    'active_users_daily': ['active_users_daily', none, none],
    'active_users_weekly': ['active_users_weekly', none, none],
    'active_users_monthly': ['active_users_monthly', none, none],
}) }}
