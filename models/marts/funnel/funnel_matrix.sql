-- One row per product, week, state that people first entered in it, and where they went next: another state, stay or censored.
with entries as (
    select * from {{ ref('state_entries') }} where is_first
),

states as (
    select * from {{ ref('plan_states') }}
),

clock as (
    select product, as_of_date, as_of_end_at from {{ ref('reporting_clock') }}
),

ends as (
    select product, state as to_state from states
    union all
    select distinct product, 'stay' as to_state from states
    union all
    select distinct product, 'censored' as to_state from states
),

gone as (
    select
        entries.product as product,
        {{ week_start('entries.event_date') }} as cohort_date,
        entries.state as from_state,
        states.onward_days as window_days,
        case
            when {{ within_hours('entries.next_entered_at', 'entries.entered_at', '24 * states.onward_days') }} then entries.next_state
            -- What the last moment of a window shows, that nothing happened in it, belongs to it.
            when
                entries.next_entered_by = 'lapse'
                and entries.next_entered_at = {{ plus_minutes('entries.entered_at', 'cast(1440 * states.onward_days as bigint)') }}
                then entries.next_state
            when {{ is_mature('entries.entered_at', '24 * states.onward_days', 'clock.as_of_end_at') }} then 'stay'
            else 'censored'
        end as to_state
    from entries
    inner join states on entries.product = states.product and entries.state_number = states.state_number
    inner join clock on entries.product = clock.product
),

entrants as (
    select
        product,
        cohort_date,
        from_state,
        window_days,
        count(*) as entrants
    from gone
    group by product, cohort_date, from_state, window_days
),

counted as (
    select
        product,
        cohort_date,
        from_state,
        to_state,
        count(*) as people
    from gone
    group by product, cohort_date, from_state, to_state
)

select
    entrants.product as product,
    entrants.cohort_date as cohort_date,
    entrants.from_state as from_state,
    ends.to_state as to_state,
    entrants.window_days as window_days,
    cast(coalesce(counted.people, 0) as bigint) as people,
    cast(entrants.entrants as bigint) as entrants,
    {{ rate('coalesce(counted.people, 0)', 'entrants.entrants') }} as probability,
    {{ plus_days('entrants.cohort_date', '6 + entrants.window_days') }} <= clock.as_of_date as is_mature,
    {{ is_low_n('entrants.entrants') }} as is_low_n
from entrants
inner join ends on entrants.product = ends.product and entrants.from_state <> ends.to_state
inner join clock on entrants.product = clock.product
left join counted
    on
        entrants.product = counted.product
        and entrants.cohort_date = counted.cohort_date
        and entrants.from_state = counted.from_state
        and ends.to_state = counted.to_state
