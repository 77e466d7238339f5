-- One row per anonymous id, user and stretch of time in which the id's events without a user are that user's. Made anew
-- from the events at every build, so that a wrong link goes with the event that made it.
with named as (
    select
        {{ line_key() | join(', ') }},
        user_id,
        anonymous_id,
        occurred_at,
        received_at,
        event_name
    from {{ ref('named_events') }}
    where
        (user_id is not null or anonymous_id is not null)
        and product in (select product from {{ ref('named_events') }} where anonymous_id is not null)
),

left_out as (
    select {{ line_key() | join(', ') }} from {{ ref('line_status') }} where status <> 'accepted'
),

events as (
    select product, event_name, plan_order, canonical_event from {{ ref('plan_events') }}
),

accepted as (
    select
        {{ columns_of('named', ['product', 'user_id', 'anonymous_id', 'occurred_at', 'received_at']) }},
        events.plan_order,
        coalesce(events.canonical_event, '') as canonical_event
    from named
    inner join events on named.product = events.product and named.event_name = events.event_name
    left join left_out on {{ same_line('named', 'left_out') }}
    where left_out.product is null
),

-- What tells who uses a device: every event that names a user; a log-out says that nobody does any more.
marks as (
    select
        product,
        anonymous_id,
        case when canonical_event = 'logout' then '' else user_id end as marked_user,
        canonical_event = 'login' and user_id is not null as is_login,
        occurred_at,
        received_at,
        plan_order
    from accepted
    where anonymous_id is not null and (user_id is not null or canonical_event = 'logout')
),

changed as (
    select
        *,
        case
            when
                lag({{ nullable('marked_user') }}) over (
                    partition by product, anonymous_id order by occurred_at, received_at, plan_order, marked_user
                ) = marked_user
                then 0
            else 1
        end as is_change
    from marks
),

numbered as (
    select
        *,
        sum(is_change) over (
            partition by product, anonymous_id
            order by occurred_at, received_at, plan_order, marked_user
            rows between unbounded preceding and current row
        ) as turn
    from changed
),

-- A turn is one user's uninterrupted use of a device.
turns as (
    select
        product,
        anonymous_id,
        turn,
        min(marked_user) as marked_user,
        min(occurred_at) as seen_at,
        max(occurred_at) as last_seen_at,
        min(case when is_login then occurred_at end) as login_at
    from numbered
    group by product, anonymous_id, turn
),

neighbours as (
    select
        *,
        lag({{ nullable('last_seen_at') }}) over (partition by product, anonymous_id order by turn) as valid_from,
        lag(case when login_at is not null then {{ nullable('marked_user') }} end)
            over (partition by product, anonymous_id order by turn) as previous_user_id,
        lead({{ nullable('seen_at') }}) over (partition by product, anonymous_id order by turn) as next_seen_at,
        lead(login_at) over (partition by product, anonymous_id order by turn) as next_login_at
    from turns
),

-- A turn with a log-in reaches back to the end of the turn before it and on until the next one begins; where that one
-- has a log-in too, the time between them is the next one's.
logged_in as (
    select
        product,
        anonymous_id,
        marked_user as user_id,
        valid_from,
        case when next_login_at is null then next_seen_at else last_seen_at end as valid_to,
        case when valid_from is null then 'first_login' else 'next_login' end as why,
        login_at as known_at,
        seen_at,
        previous_user_id
    from neighbours
    where login_at is not null
),

devices as (
    select distinct product, anonymous_id from accepted where anonymous_id is not null
),

users as (
    select
        product,
        user_id,
        min(occurred_at) as known_at
    from accepted
    where user_id is not null
    group by product, user_id
),

-- An anonymous id that is a user's id too is that user's wherever no log-in says otherwise.
same_ids as (
    select
        devices.product as product,
        devices.anonymous_id as anonymous_id,
        users.user_id as user_id,
        users.known_at as known_at
    from devices
    inner join users on devices.product = users.product and devices.anonymous_id = users.user_id
),

links as (
    select product, anonymous_id, user_id, valid_from, valid_to, why, known_at, seen_at, previous_user_id
    from logged_in
    where valid_from is null or valid_to is null or valid_from < valid_to
    union all
    select
        product,
        anonymous_id,
        user_id,
        cast(null as {{ timestamp_type() }}) as valid_from,
        cast(null as {{ timestamp_type() }}) as valid_to,
        'same_id' as why,
        known_at,
        cast(null as {{ timestamp_type() }}) as seen_at,
        cast(null as {{ dbt.type_string() }}) as previous_user_id
    from same_ids
)

select * from links
