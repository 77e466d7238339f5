-- One row per derived session: a person's visits with no pause of `session_gap_minutes` between them.
with visits as (
    select * from {{ ref('journey_events') }} where is_visit and person_key is not null
),

-- The same once more: what is read twice under one name is first written out whole.
touches as (
    select * from {{ ref('journey_events') }} where is_visit and person_key is not null
),

channels as (
    select * from {{ ref('source_channels') }}
),

settings as (
    select
        60 * {{ plan_setting('session_gap_minutes') }} as gap_seconds,
        3600 * {{ plan_setting('return_session_hours') }} as return_seconds
),

-- Visits between two multiples of the gap have no such pause between them: they are one before pauses are looked for.
clustered as (
    select
        visits.product as product,
        visits.person_key as person_key,
        visits.session_id as session_id,
        min(visits.occurred_at) as started_at,
        max(visits.occurred_at) as ended_at,
        min(visits.event_date) as event_date,
        count(*) as visits,
        max(case when visits.canonical_event = 'return_session' then 1 else 0 end) as sent_return
    from visits
    cross join settings
    group by
        visits.product, visits.person_key, visits.session_id,
        floor({{ epoch_microseconds('visits.occurred_at') }} / (1000000.0 * settings.gap_seconds))
),

spaced as (
    select
        *,
        max({{ nullable('ended_at') }}) over (
            partition by product, person_key order by started_at rows between unbounded preceding and 1 preceding
        ) as previous_at
    from clustered
),

begun as (
    select
        spaced.*,
        case
            when {{ seconds_between('spaced.previous_at', 'spaced.started_at') }} < settings.gap_seconds then 0
            else 1
        end as is_start
    from spaced
    cross join settings
),

numbered as (
    select
        *,
        sum(is_start) over (partition by product, person_key order by started_at) as session_number
    from begun
),

-- A session as sent is one or more of these; visits without a sent id are a part of their own.
parts as (
    select
        product,
        person_key,
        session_number,
        session_id,
        min(started_at) as started_at,
        max(ended_at) as ended_at,
        min(event_date) as event_date,
        sum(visits) as visits,
        max(sent_return) as sent_return
    from numbered
    group by product, person_key, session_number, session_id
),

sent_spread as (
    select
        product,
        session_id,
        count(*) as derived_sessions
    from parts
    where session_id is not null
    group by product, session_id
),

derived as (
    select
        parts.product as product,
        parts.person_key as person_key,
        parts.session_number as session_number,
        min(parts.started_at) as started_at,
        max(parts.ended_at) as ended_at,
        min(parts.event_date) as event_date,
        sum(parts.visits) as visits,
        max(parts.sent_return) as sent_return,
        count(parts.session_id) as sent_session_ids,
        max(sent_spread.derived_sessions) as widest_sent_session
    from parts
    left join sent_spread on parts.product = sent_spread.product and parts.session_id = sent_spread.session_id
    group by parts.product, parts.person_key, parts.session_number
),

followed as (
    select
        *,
        lag({{ nullable('ended_at') }}) over (partition by product, person_key order by session_number) as previous_ended_at
    from derived
),

-- Where a session came from, its first visit that says so says.
placed as (
    select
        derived.product as product,
        derived.person_key as person_key,
        derived.session_number as session_number,
        touches.event_key as event_key,
        touches.source as source,
        row_number() over (
            partition by derived.product, derived.person_key, derived.session_number order by {{ event_order('touches') }}
        ) as visit_number,
        row_number() over (
            partition by derived.product, derived.person_key, derived.session_number
            order by case when touches.source is null then 1 else 0 end, {{ event_order('touches') }}
        ) as source_number
    from touches
    inner join derived
        on
            touches.product = derived.product
            and touches.person_key = derived.person_key
            and touches.occurred_at >= derived.started_at
            and touches.occurred_at <= derived.ended_at
    where touches.occurred_at = derived.started_at or touches.source is not null
),

named as (
    select
        product,
        person_key,
        session_number,
        max(case when visit_number = 1 then event_key end) as session_key,
        max(case when source_number = 1 then source end) as source,
        max(case when source_number = 1 then event_key end) as touch_event_key
    from placed
    group by product, person_key, session_number
)

select
    named.session_key as session_key,
    followed.product as product,
    followed.person_key as person_key,
    cast(followed.session_number as bigint) as session_number,
    followed.started_at as started_at,
    followed.ended_at as ended_at,
    followed.event_date as event_date,
    cast(followed.visits as bigint) as visits,
    coalesce(channels.channel, 'Direct') as channel,
    named.touch_event_key as touch_event_key,
    followed.sent_session_ids as sent_session_ids,
    coalesce(followed.sent_session_ids = 1 and followed.widest_sent_session = 1, false) as is_as_sent,
    coalesce({{ seconds_between('followed.previous_ended_at', 'followed.started_at') }} >= settings.return_seconds, false) as is_return,
    followed.sent_return = 1 as is_sent_return
from followed
cross join settings
inner join named
    on
        followed.product = named.product
        and followed.person_key = named.person_key
        and followed.session_number = named.session_number
left join channels on named.source = channels.source
