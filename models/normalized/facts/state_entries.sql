-- One row per product, person and entry into a state of the plan: the first one, and of retained and churned every one.
with events as (
    select * from {{ ref('state_events') }} where entered_by in ('event', 'campaign_event', 'payment')
),

intervals as (
    select * from {{ ref('retention_intervals') }} where reason <> 'payment'
),

campaigns as (
    select * from {{ ref('person_campaigns') }}
),

states as (
    select product, state_number, state from {{ ref('plan_states') }}
),

firsts as (
    select
        *,
        row_number() over (partition by product, person_key, state_number order by event_number) as place
    from events
),

entered as (
    select product, person_key, state_number, entered_by as reason, occurred_at as entered_at, event_date, event_number
    from firsts
    where place = 1
    union all
    select product, person_key, state_number, reason, from_at as entered_at, event_date, event_number
    from intervals
),

-- States that one event enters follow each other as in the plan.
placed as (
    select
        *,
        cast(row_number() over (
            partition by product, person_key order by entered_at, event_number, state_number
        ) as bigint) as place
    from entered
),

followed as (
    select
        *,
        lag({{ nullable('place') }}) over (partition by product, person_key, state_number order by place) as previous_place,
        lead({{ nullable('state_number') }}) over (partition by product, person_key order by place) as next_state_number,
        lead({{ nullable('entered_at') }}) over (partition by product, person_key order by place) as next_entered_at
    from placed
)

select
    {{ columns_of('followed', [
        'product', 'person_key', 'state_number', 'reason', 'entered_at', 'event_date', 'place', 'previous_place',
        'next_state_number', 'next_entered_at',
    ]) }},
    states.state as state,
    case when campaigns.known_at <= followed.entered_at then campaigns.campaign_id else 'none' end as campaign_id,
    followed.previous_place is null as is_first,
    followed.reason = 'campaign_event' as is_imputed
from followed
inner join states on followed.product = states.product and followed.state_number = states.state_number
left join campaigns on followed.product = campaigns.product and followed.person_key = campaigns.person_key
