-- One row per product and registered person: the first registration, and the channel the person came from.
with events as (
    select
        event_key,
        product,
        known_person_key as person_key,
        occurred_at,
        event_date,
        received_at,
        plan_order,
        canonical_event,
        {{ identifier('channel') }} as utm_source,
        {{ url_host('referrer') }} as referrer_host
    from {{ ref('events') }}
    where
        is_analyzable
        and known_person_key is not null
        and (canonical_event = 'registration' or channel is not null or referrer is not null)
),

clock as (
    select product, as_of_end_at from {{ ref('reporting_clock') }}
),

channels as (
    select * from {{ ref('ref_channels') }}
),

known as (
    select
        events.*,
        coalesce(events.canonical_event = 'registration', false) as is_registration,
        events.utm_source is not null or events.referrer_host is not null as has_source
    from events
    inner join clock on events.product = clock.product
    where events.occurred_at < clock.as_of_end_at
),

numbered as (
    select
        *,
        row_number() over (partition by product, person_key order by {{ event_order('known') }}) as registration_number
    from known
    where is_registration
),

registered as (
    select * from numbered where registration_number = 1
),

-- A registration that does not say where the person came from takes the source of the person's first event that does.
sourced as (
    select
        known.product,
        known.person_key,
        known.utm_source,
        known.referrer_host,
        row_number() over (
            partition by known.product, known.person_key
            order by case when known.event_key = registered.event_key then 0 else 1 end, {{ event_order('known') }}
        ) as touch
    from known
    inner join registered on known.product = registered.product and known.person_key = registered.person_key
    where known.has_source and known.occurred_at <= registered.occurred_at
),

hosts as (
    select distinct referrer_host from sourced where touch = 1 and utm_source is null
),

matched_hosts as (
    select
        hosts.referrer_host,
        channels.channel,
        row_number() over (partition by hosts.referrer_host order by length(channels.raw_value) desc) as closeness
    from hosts
    cross join channels
    where channels.kind = 'referrer_host' and '.' || hosts.referrer_host like '%.' || channels.raw_value
)

select
    registered.event_key,
    registered.product as product,
    registered.person_key as person_key,
    registered.occurred_at as registered_at,
    registered.event_date,
    case
        when sourced.utm_source is not null then coalesce(channels.channel, sourced.utm_source)
        when sourced.referrer_host is not null then coalesce(matched_hosts.channel, 'Referral')
        else 'Direct'
    end as channel
from registered
left join sourced
    on registered.product = sourced.product and registered.person_key = sourced.person_key and sourced.touch = 1
left join channels on lower(sourced.utm_source) = channels.raw_value and channels.kind = 'utm_source'
left join matched_hosts on sourced.referrer_host = matched_hosts.referrer_host and matched_hosts.closeness = 1
