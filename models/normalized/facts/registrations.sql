-- One row per product and registered person: the first registration, and the channel the person came from.
with events as (
    select * from {{ ref('journey_events') }} where person_key is not null and (canonical_event = 'registration' or source is not null)
),

channels as (
    select * from {{ ref('source_channels') }}
),

numbered as (
    select
        *,
        row_number() over (partition by product, person_key order by {{ event_order('events') }}) as registration_number
    from events
    where canonical_event = 'registration'
),

registered as (
    select * from numbered where registration_number = 1
),

-- A registration that does not say where the person came from takes the source of the person's first event that does.
sourced as (
    select
        events.product as product,
        events.person_key as person_key,
        events.source as source,
        row_number() over (
            partition by events.product, events.person_key
            order by case when events.event_key = registered.event_key then 0 else 1 end, {{ event_order('events') }}
        ) as touch
    from events
    inner join registered on events.product = registered.product and events.person_key = registered.person_key
    where events.source is not null and events.occurred_at <= registered.occurred_at
)

select
    registered.event_key as event_key,
    registered.product as product,
    registered.person_key as person_key,
    registered.occurred_at as registered_at,
    registered.event_date as event_date,
    coalesce(channels.channel, 'Direct') as channel
from registered
left join sourced
    on registered.product = sourced.product and registered.person_key = sourced.person_key and sourced.touch = 1
left join channels on sourced.source = channels.source
