-- One row per metric, product, local day and segment value: how many people are active.
with active_users as (
    select * from {{ ref('active_users_daily') }}
),

channels as (
    select * from {{ ref('active_users_by_channel_daily') }}
)

{{ tidy_metrics('active_users', {
    'active_users_daily': ['active_users_daily', none, none],
    'active_users_weekly': ['active_users_weekly', none, none],
    'active_users_monthly': ['active_users_monthly', none, none],
    'dau_mau_ratio': [rate('active_user_days_28d', 'observed_days_28d'), 'active_users_28d', 'dau_mau_ratio'],
}) }}
union all
{{ tidy_metrics('channels', {
    'active_users_daily': ['active_users_daily', none, none],
    'active_users_weekly': ['active_users_weekly', none, none],
}, segment="'channel'", segment_value='channel') }}
