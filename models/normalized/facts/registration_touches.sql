-- One row per product, registered person and touch, first or last: the session's channel, and the ad that led there.
{%- set of_the_ad = {
    'adset': 'adset_id', 'ad': 'ad_id', 'creative': 'creative_id', 'ad_angle': 'ad_angle', 'landing_variant': 'landing_variant',
} %}

with registrations as (
    select * from {{ ref('registrations') }}
),

sessions as (
    select * from {{ ref('sessions') }}
),

events as (
    select * from {{ ref('events') }}
),

settings as (
    select cast(24 * {{ plan_setting('attribution_window_days') }} as bigint) as window_hours
),

kinds as (
    select 'first' as touch
    union all
    select 'last' as touch
),

earlier as (
    select
        {{ columns_of('sessions', ['product', 'person_key', 'session_number', 'channel', 'touch_event_key']) }},
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
        ranked.product as product,
        ranked.person_key as person_key,
        kinds.touch as touch,
        ranked.channel as channel,
        ranked.touch_event_key as touch_event_key
    from ranked
    cross join kinds
    where case when kinds.touch = 'first' then ranked.from_first = 1 else ranked.is_last_touch and ranked.from_last = 1 end
),

led as (
    select
        touched.product as product,
        touched.person_key as person_key,
        touched.touch as touch,
        touched.channel as channel,
        events.campaign as campaign
        {%- for column, property in of_the_ad.items() %},
        {{ clean_text(json_text('events.props', "''", "'" ~ property ~ "'")) }} as {{ column }}
        {%- endfor %}
    from events
    inner join touched on events.event_key = touched.touch_event_key
)

select
    registrations.event_key as event_key,
    registrations.product as product,
    registrations.person_key as person_key,
    kinds.touch as touch,
    registrations.registered_at as registered_at,
    registrations.event_date as event_date,
    coalesce(led.channel, 'Direct') as channel,
    {{ columns_of('led', ['campaign'] + of_the_ad.keys() | list) }}
from registrations
cross join kinds
left join led
    on registrations.product = led.product and registrations.person_key = led.person_key and kinds.touch = led.touch
