-- One row per product, week, state that people first entered in it, and where they went next: another state, stay or censored.
with entries as (
    select * from {{ ref('state_entries') }} where is_first
),

states as (
    select * from {{ ref('plan_states') }}
),

ends as (
    select product, state_number as to_number, state as to_state from states
    union all
    select distinct product, -1 as to_number, 'stay' as to_state from states
    union all
    select distinct product, -2 as to_number, 'censored' as to_state from states
),

clock as (
    select product, as_of_date, as_of_end_at from {{ ref('reporting_clock') }}
),

gone as (
    select
        entries.product as product,
        {{ week_start('entries.event_date') }} as cohort_date,
        entries.state_number as from_number,
        states.state as from_state,
        states.onward_days as window_days,
        case
            when entries.next_entered_at < {{ plus_minutes('entries.entered_at', '1440 * states.onward_days') }} then entries.next_state_number
            when {{ is_mature('entries.entered_at', '24 * states.onward_days', 'clock.as_of_end_at') }} then -1
            else -2
        end as to_number
    from entries
    inner join states on entries.product = states.product and entries.state_number = states.state_number
    inner join clock on entries.product = clock.product
),

entrants as (
    select
        product,
        cohort_date,
        from_number,
        from_state,
        window_days,
        count(*) as entrants
    from gone
    group by product, cohort_date, from_number, from_state, window_days
),

counted as (
    select
        product,
        cohort_date,
        from_number,
        to_number,
        count(*) as people
    from gone
    group by product, cohort_date, from_number, to_number
)

select
    entrants.product as product,
    entrants.cohort_date as cohort_date,
    entrants.from_state as from_state,
    ends.to_state as to_state,
    cast(entrants.window_days as integer) as window_days,
    cast(coalesce(counted.people, 0) as bigint) as people,
    cast(entrants.entrants as bigint) as entrants,
    {{ rate('coalesce(counted.people, 0)', 'entrants.entrants') }} as probability,
    {{ plus_days('entrants.cohort_date', '6 + entrants.window_days') }} <= clock.as_of_date as is_mature,
    {{ is_low_n('entrants.entrants') }} as is_low_n
from entrants
inner join ends on entrants.product = ends.product
inner join clock on entrants.product = clock.product
left join counted
    on
        entrants.product = counted.product
        and entrants.cohort_date = counted.cohort_date
        and entrants.from_number = counted.from_number
        and ends.to_number = counted.to_number
where entrants.from_number <> ends.to_number
