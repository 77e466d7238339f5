-- One row per product, person and entry into a state of the plan: the first one, and of retained and churned every one.
with events as (
    select * from {{ ref('state_events') }} where entered_by in ('event', 'campaign_event', 'payment')
),

intervals as (
    select * from {{ ref('retention_intervals') }} where entered_by <> 'payment'
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
        row_number() over (partition by product, person_key, state_number order by event_number) as entry
    from events
),

entered as (
    select product, person_key, state_number, entered_by, occurred_at as entered_at, event_date, event_number
    from firsts
    where entry = 1
    union all
    select product, person_key, state_number, entered_by, from_at as entered_at, event_date, event_number
    from intervals
),

-- States that one event enters follow each other as in the plan.
placed as (
    select
        {{ columns_of('entered', ['product', 'person_key', 'state_number', 'entered_by', 'entered_at', 'event_date']) }},
        states.state as state,
        cast(row_number() over (
            partition by entered.product, entered.person_key order by entered.entered_at, entered.event_number, entered.state_number
        ) as bigint) as place
    from entered
    inner join states on entered.product = states.product and entered.state_number = states.state_number
),

followed as (
    select
        *,
        lag({{ nullable('place') }}) over (partition by product, person_key, state_number order by place) as previous_place,
        lead({{ nullable('state') }}) over (partition by product, person_key order by place) as next_state,
        lead({{ nullable('entered_by') }}) over (partition by product, person_key order by place) as next_entered_by,
        lead({{ nullable('entered_at') }}) over (partition by product, person_key order by place) as next_entered_at
    from placed
)

select
    {{ columns_of('followed', [
        'product', 'person_key', 'state', 'state_number', 'entered_by', 'entered_at', 'event_date', 'place', 'previous_place',
        'next_state', 'next_entered_by', 'next_entered_at',
    ]) }},
    case when campaigns.known_at <= followed.entered_at then campaigns.campaign_id else 'none' end as campaign_id,
    followed.previous_place is null as is_first,
    followed.entered_by = 'campaign_event' as is_imputed
from followed
left join campaigns on followed.product = campaigns.product and followed.person_key = campaigns.person_key
