-- One row per product and registered person: the channels of the first session before it and of the last that names one.
with registrations as (
    select * from {{ ref('registrations') }}
),

sessions as (
    select * from {{ ref('sessions') }}
),

settings as (
    select cast(24 * {{ plan_setting('attribution_window_days') }} as bigint) as window_hours
),

earlier as (
    select
        {{ columns_of('sessions', ['product', 'person_key', 'session_number', 'channel', 'campaign']) }},
        sessions.channel <> 'Direct'
        and {{ within_hours('registrations.registered_at', 'sessions.started_at', 'settings.window_hours') }} as is_last_touch
    from registrations
    inner join sessions on registrations.product = sessions.product and registrations.person_key = sessions.person_key
    cross join settings
    where sessions.started_at <= registrations.registered_at
),

ranked as (
    select
        *,
        row_number() over (partition by product, person_key order by session_number) as from_first,
        row_number() over (
            partition by product, person_key order by case when is_last_touch then 0 else 1 end, session_number desc
        ) as from_last
    from earlier
),

touched as (
    select
        product,
        person_key,
        max(case when from_first = 1 then channel end) as first_channel,
        max(case when from_first = 1 then campaign end) as first_campaign,
        max(case when is_last_touch and from_last = 1 then channel end) as last_channel,
        max(case when is_last_touch and from_last = 1 then campaign end) as last_campaign
    from ranked
    group by product, person_key
)

select
    registrations.event_key as event_key,
    registrations.product as product,
    registrations.person_key as person_key,
    registrations.registered_at as registered_at,
    registrations.event_date as event_date,
    coalesce(touched.first_channel, 'Direct') as first_channel,
    touched.first_campaign as first_campaign,
    coalesce(touched.last_channel, 'Direct') as last_channel,
    touched.last_campaign as last_campaign
from registrations
left join touched on registrations.product = touched.product and registrations.person_key = touched.person_key
