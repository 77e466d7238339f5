-- Every way into a state is an event of its product; states are numbered from 0 without a gap, and a state has one number,
-- one name and one window. Where people can be retained or churn there is one lapse.
with ways as (
    select * from {{ ref('plan_funnel_states') }}
),

events as (
    select product, event_name, canonical_event from {{ ref('plan_events') }}
),

matched as (
    select
        ways.product as product,
        ways.state_number as state_number,
        ways.state as state,
        ways.entered_by as entered_by,
        ways.window_setting as window_setting,
        count(events.event_name) as event_count
    from ways
    left join events
        on
            ways.product = events.product
            and (ways.event_name = events.event_name or ways.canonical_event = events.canonical_event)
    group by
        ways.product, ways.state_number, ways.state, ways.entered_by, ways.window_setting, ways.event_name, ways.canonical_event
)

select product
from matched
group by product
having
    min(state_number) <> 0
    or max(state_number) + 1 <> count(distinct state_number)
    or count(distinct state) <> count(distinct state_number)
    or count(distinct concat_ws('/', cast(state_number as {{ dbt.type_string() }}), state, window_setting)) <> count(distinct state_number)
    or sum(case when event_count = 0 and entered_by <> 'lapse' then 1 else 0 end) > 0
    or sum(case when entered_by = 'lapse' then 1 else 0 end)
    <> max(case when entered_by in ('renewal', 'later_job', 'cancellation', 'lapse') then 1 else 0 end)
