-- One row per product and state of the plan, whatever the ways into it: in how many days to reach it, and to go on from it.
with ways as (
    select distinct product, state_number, state, window_setting from {{ ref('plan_funnel_states') }}
),

settings as (
    select setting_key, cast(value as integer) as days from {{ ref('plan_settings') }}
)

select
    ways.product as product,
    ways.state_number as state_number,
    ways.state as state,
    settings.days as window_days,
    -- As long as there is to reach the next state.
    coalesce(
        lead({{ nullable('settings.days') }}) over (partition by ways.product order by ways.state_number), settings.days
    ) as onward_days
from ways
inner join settings on ways.window_setting = settings.setting_key
