-- One row per ordered pair of states, cohort (day or week of the first entry into the one, all campaigns or one): how many
-- reached the other. All pairs by week, those one or two states ahead also by day.
with entries as (
    select * from {{ ref('state_entries') }}
),

states as (
    select * from {{ ref('plan_states') }}
),

clock as (
    select product, as_of_date from {{ ref('reporting_clock') }}
),

entrants as (
    select
        product,
        state_number as from_number,
        event_date,
        campaign_id,
        count(*) as people
    from entries
    where is_first
    group by product, state_number, event_date, campaign_id
),

-- A person enters a state for the first time once, so that people of days and campaigns add up.
reached as (
    select
        firsts.product as product,
        firsts.state_number as from_number,
        firsts.event_date as event_date,
        firsts.campaign_id as campaign_id,
        states.state_number as to_number,
        sum(case when others.place > firsts.place and coalesce(others.previous_place < firsts.place, true) then 1 else 0 end) as ordered_people,
        sum(case when others.is_first then 1 else 0 end) as any_order_people
    from entries as firsts
    inner join entries as others on firsts.product = others.product and firsts.person_key = others.person_key
    inner join states on others.product = states.product and others.state_number = states.state_number
    where
        firsts.is_first
        and firsts.state_number <> others.state_number
        and (
            others.entered_at < {{ plus_minutes('firsts.entered_at', 'cast(1440 * states.window_days as bigint)') }}
            -- What the last moment of a window shows, that nothing happened in it, belongs to it.
            or (
                others.entered_by = 'lapse'
                and others.entered_at = {{ plus_minutes('firsts.entered_at', 'cast(1440 * states.window_days as bigint)') }}
            )
        )
    group by firsts.product, firsts.state_number, firsts.event_date, firsts.campaign_id, states.state_number
),

paired as (
    select
        {{ columns_of('entrants', ['product', 'from_number', 'event_date', 'campaign_id', 'people']) }},
        states.state_number as to_number,
        states.state as to_state,
        states.window_days as window_days,
        coalesce(reached.ordered_people, 0) as ordered_people,
        coalesce(reached.any_order_people, 0) as any_order_people
    from entrants
    inner join states on entrants.product = states.product
    left join reached
        on
            entrants.product = reached.product
            and entrants.from_number = reached.from_number
            and entrants.event_date = reached.event_date
            and entrants.campaign_id = reached.campaign_id
            and states.state_number = reached.to_number
    where entrants.from_number <> states.state_number
),

cohorts as (
    select 'day' as cohort_grain, 1 as days
    union all
    select 'week' as cohort_grain, 7 as days
),

sides as (
    select 1 as is_total
    union all
    select 0 as is_total
),

placed as (
    select
        {{ columns_of('paired', [
            'product', 'from_number', 'to_number', 'to_state', 'window_days', 'people', 'ordered_people', 'any_order_people',
        ]) }},
        cohorts.cohort_grain as cohort_grain,
        cohorts.days as days,
        case when cohorts.cohort_grain = 'day' then paired.event_date else {{ week_start('paired.event_date') }} end as cohort_date,
        case when sides.is_total = 1 then 'all' else paired.campaign_id end as campaign_id
    from paired
    cross join cohorts
    cross join sides
    where cohorts.cohort_grain = 'week' or paired.to_number - paired.from_number in (1, 2)
),

counted as (
    select
        product,
        from_number,
        to_number,
        to_state,
        window_days,
        cohort_grain,
        days,
        cohort_date,
        campaign_id,
        sum(people) as from_people,
        sum(ordered_people) as to_people,
        sum(any_order_people) as to_people_any_order
    from placed
    group by product, from_number, to_number, to_state, window_days, cohort_grain, days, cohort_date, campaign_id
),

judged as (
    select
        {{ columns_of('counted', [
            'product', 'from_number', 'to_number', 'to_state', 'window_days', 'cohort_grain', 'cohort_date', 'campaign_id',
            'from_people', 'to_people', 'to_people_any_order',
        ]) }},
        states.state as from_state,
        {{ plus_days('counted.cohort_date', 'counted.days - 1 + counted.window_days') }} <= clock.as_of_date as is_mature
    from counted
    inner join states on counted.product = states.product and counted.from_number = states.state_number
    inner join clock on counted.product = clock.product
)

-- A window that is not over yet has no rate.
select
    product,
    from_state,
    to_state,
    cast(from_number as integer) as from_number,
    cast(to_number as integer) as to_number,
    cohort_grain,
    cohort_date,
    campaign_id,
    window_days,
    cast(from_people as bigint) as from_people,
    cast(to_people as bigint) as to_people,
    cast(to_people_any_order as bigint) as to_people_any_order,
    case when is_mature then {{ rate('to_people', 'from_people') }} end as transition_rate,
    case when is_mature then {{ rate('to_people_any_order', 'from_people') }} end as transition_rate_any_order,
    case when is_mature then {{ wilson_bound('to_people', 'from_people', 'low') }} end as wilson_low,
    case when is_mature then {{ wilson_bound('to_people', 'from_people', 'high') }} end as wilson_high,
    case when is_mature then {{ plan_setting('beta_prior_alpha') }} + to_people end as beta_alpha,
    case when is_mature then {{ plan_setting('beta_prior_beta') }} + from_people - to_people end as beta_beta,
    is_mature,
    {{ is_low_n('from_people') }} as is_low_n
from judged
