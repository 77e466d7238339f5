-- One row per derived session: a person's visits with no pause of `session_gap_minutes` between them.
with visits as (
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

spaced as (
    select
        *,
        lag({{ nullable('occurred_at') }}) over (partition by product, person_key order by {{ event_order('visits') }}) as previous_at
    from visits
),

begun as (
    select
        spaced.*,
        case
            when {{ seconds_between('spaced.previous_at', 'spaced.occurred_at') }} < settings.gap_seconds then 0
            else 1
        end as is_start
    from spaced
    cross join settings
),

numbered as (
    select
        *,
        sum(is_start) over (
            partition by product, person_key
            order by {{ event_order('begun') }}
            rows between unbounded preceding and current row
        ) as session_number
    from begun
),

-- Where a session came from, its first visit that says so says.
placed as (
    select
        *,
        row_number() over (
            partition by product, person_key, session_number order by {{ event_order('numbered') }}
        ) as visit_number,
        row_number() over (
            partition by product, person_key, session_number
            order by case when source is null then 1 else 0 end, {{ event_order('numbered') }}
        ) as source_number
    from numbered
),

sent_sessions as (
    select
        product,
        person_key,
        session_number,
        session_id
    from placed
    where session_id is not null
    group by product, person_key, session_number, session_id
),

sent_spread as (
    select
        product,
        session_id,
        count(*) as derived_sessions
    from sent_sessions
    group by product, session_id
),

compared as (
    select
        sent_sessions.product as product,
        sent_sessions.person_key as person_key,
        sent_sessions.session_number as session_number,
        count(*) as sent_session_ids,
        max(sent_spread.derived_sessions) as widest_sent_session
    from sent_sessions
    inner join sent_spread
        on sent_sessions.product = sent_spread.product and sent_sessions.session_id = sent_spread.session_id
    group by sent_sessions.product, sent_sessions.person_key, sent_sessions.session_number
),

derived as (
    select
        product,
        person_key,
        session_number,
        max(case when visit_number = 1 then event_key end) as session_key,
        min(occurred_at) as started_at,
        max(occurred_at) as ended_at,
        min(event_date) as event_date,
        count(*) as visits,
        max(case when source_number = 1 then source end) as source,
        max(case when source_number = 1 then campaign end) as campaign,
        max(case when canonical_event = 'return_session' then 1 else 0 end) as sent_return
    from placed
    group by product, person_key, session_number
),

followed as (
    select
        *,
        lag({{ nullable('ended_at') }}) over (partition by product, person_key order by session_number) as previous_ended_at
    from derived
)

select
    followed.session_key as session_key,
    followed.product as product,
    followed.person_key as person_key,
    cast(followed.session_number as bigint) as session_number,
    followed.started_at as started_at,
    followed.ended_at as ended_at,
    followed.event_date as event_date,
    followed.visits as visits,
    coalesce(channels.channel, 'Direct') as channel,
    followed.campaign as campaign,
    coalesce(compared.sent_session_ids, 0) as sent_session_ids,
    coalesce(compared.sent_session_ids = 1 and compared.widest_sent_session = 1, false) as is_as_sent,
    coalesce({{ seconds_between('followed.previous_ended_at', 'followed.started_at') }} >= settings.return_seconds, false) as is_return,
    followed.sent_return = 1 as is_sent_return
from followed
cross join settings
left join channels on followed.source = channels.source
left join compared
    on
        followed.product = compared.product
        and followed.person_key = compared.person_key
        and followed.session_number = compared.session_number
