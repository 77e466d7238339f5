-- One row per registered person, local day and number of whole 24 hours since the registration: what the person did then.
with events as (
    select * from {{ ref('journey_events') }} where person_key is not null
),

plan_events as (
    select product, event_name, is_core_action, is_active_signal, is_visit from {{ ref('plan_events') }}
    where is_core_action or is_active_signal or is_visit
),

registrations as (
    select * from {{ ref('registrations') }}
),

done as (
    select
        events.product as product,
        events.person_key as person_key,
        registrations.channel,
        registrations.event_date as cohort_date,
        {{ week_start('registrations.event_date') }} as cohort_week,
        events.event_date as event_date,
        {{ week_start('events.event_date') }} as event_week,
        -- Negative before the registration.
        cast(floor((
            {{ epoch_microseconds('events.occurred_at') }} - {{ epoch_microseconds('registrations.registered_at') }}
        ) / 86400000000.0) as integer) as elapsed_days,
        plan_events.is_core_action as is_core_action,
        plan_events.is_active_signal as is_active_signal,
        plan_events.is_visit as is_visit
    from events
    inner join plan_events on events.product = plan_events.product and events.event_name = plan_events.event_name
    inner join registrations on events.product = registrations.product and events.person_key = registrations.person_key
    where events.event_date >= registrations.event_date
)

select
    product,
    person_key,
    channel,
    cohort_date,
    event_date,
    cast({{ dbt.datediff('cohort_date', 'event_date', 'day') }} as integer) as day_number,
    cast(floor({{ dbt.datediff('cohort_week', 'event_week', 'day') }} / 7.0) as integer) as week_number,
    elapsed_days,
    max(case when is_core_action then 1 else 0 end) = 1 as is_core_action,
    max(case when is_active_signal then 1 else 0 end) = 1 as is_generation,
    max(case when is_visit then 1 else 0 end) = 1 as is_visit
from done
group by product, person_key, channel, cohort_date, cohort_week, event_date, event_week, elapsed_days
