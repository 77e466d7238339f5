-- One row per person who purchased and stretch of time in one state from then on: purchased, then retained and churned in turns.
{%- set ends = "('payment', 'cancellation', 'lapse')" %}

with events as (
    select * from {{ ref('state_events') }} where entered_by in ('payment', 'renewal', 'later_job', 'cancellation')
),

states as (
    select product, state_number, state from {{ ref('plan_states') }}
),

lapses as (
    select product, state_number from {{ ref('plan_funnel_states') }} where entered_by = 'lapse'
),

periods as (
    select event_key, start_date, end_date from {{ ref('subscription_periods') }}
),

journey_events as (
    select event_key, product, person_key from {{ ref('journey_events') }} where person_key is not null
),

clock as (
    select product, utc_offset_minutes, as_of_end_at from {{ ref('reporting_clock') }}
),

purchases as (
    select product, person_key, min(event_number) as event_number
    from events
    where entered_by = 'payment'
    group by product, person_key
),

subscriptions as (
    select
        {{ columns_of('journey_events', ['product', 'person_key']) }},
        periods.start_date as start_date,
        periods.end_date as end_date
    from journey_events
    inner join periods on journey_events.event_key = periods.event_key
),

-- A cancellation is none while another subscription is in force at the end of its day.
held as (
    select distinct events.event_key as event_key
    from events
    inner join subscriptions on events.product = subscriptions.product and events.person_key = subscriptions.person_key
    where
        events.entered_by = 'cancellation'
        and subscriptions.start_date <= events.event_date
        and coalesce(subscriptions.end_date > events.event_date, true)
),

-- The purchase, and what can keep or end it.
told as (
    select
        {{ columns_of('events', [
            'product', 'person_key', 'state_number', 'entered_by', 'occurred_at', 'event_date', 'event_number',
        ]) }}
    from events
    inner join purchases on events.product = purchases.product and events.person_key = purchases.person_key
    left join held on events.event_key = held.event_key
    where
        (events.entered_by = 'payment' and events.event_number = purchases.event_number)
        or (events.entered_by <> 'payment' and events.event_number > purchases.event_number and held.event_key is null)
),

signs as (
    select
        *,
        {{ plus_minutes('occurred_at', 'cast(1440 * ' ~ plan_setting('churn_days') ~ ' as bigint)') }} as lapses_at,
        lead({{ nullable('occurred_at') }}) over (partition by product, person_key order by event_number) as next_at
    from told
    where entered_by <> 'cancellation'
),

moves as (
    select product, person_key, state_number, entered_by, occurred_at as from_at, event_date, event_number from told
    union all
    -- A lapse comes before what happens at the same moment.
    select
        signs.product as product,
        signs.person_key as person_key,
        lapses.state_number as state_number,
        'lapse' as entered_by,
        signs.lapses_at as from_at,
        cast({{ plus_minutes('signs.lapses_at', 'clock.utc_offset_minutes') }} as {{ date_type() }}) as event_date,
        cast(0 as bigint) as event_number
    from signs
    inner join lapses on signs.product = lapses.product
    inner join clock on signs.product = clock.product
    where signs.lapses_at < clock.as_of_end_at and coalesce(signs.next_at >= signs.lapses_at, true)
),

dated as (
    select
        *,
        max(case when entered_by in {{ ends }} then event_date end) over (
            partition by product, person_key order by from_at, event_number rows between unbounded preceding and current row
        ) as ended_date
    from moves
),

entered as (
    select
        *,
        lag({{ nullable('state_number') }}) over (partition by product, person_key order by from_at, event_number) as previous_state_number
    from dated
    where entered_by <> 'later_job' or event_date > ended_date
)

select
    entered.product as product,
    entered.person_key as person_key,
    entered.state_number as state_number,
    states.state as state,
    entered.entered_by as entered_by,
    entered.from_at as from_at,
    lead({{ nullable('entered.from_at') }}) over (
        partition by entered.product, entered.person_key order by entered.from_at, entered.event_number
    ) as to_at,
    entered.event_date as event_date,
    entered.event_number as event_number
from entered
inner join states on entered.product = states.product and entered.state_number = states.state_number
where coalesce(entered.previous_state_number <> entered.state_number, true)
