-- One row per accepted line: the event it reports, with every value that broke the plan taken out.
{%- set mendable = ['account_id', 'template_id', 'task_id', 'order_id', 'task_type', 'channel', 'referrer', 'campaign', 'variant', 'currency',
                    'policy_tag', 'action_required', 'risk_level', 'escalation_level',
                    'amount_text', 'amount_minor_text', 'charged_minor_text', 'refunded_amount_text', 'is_trial_text',
                    'refunded_at_text', 'tokens_text', 'model', 'failure_code', 'failure_reason', 'job_mode', 'job_platform', 'click_id',
                    'subscription_id', 'plan_name', 'billing_period', 'subscription_status', 'ends_at_text', 'processor'] %}
{%- set carried = line_key() + mendable + [
    'event_key', 'event_id', 'user_id', 'anonymous_id', 'session_id', 'occurred_at', 'client_at', 'received_at',
    'utc_offset_minutes', 'time_kind', 'is_client_time', 'raw_event_name', 'event_name', 'stream_kind', 'sent_from', 'environment',
    'container', 'record',
] %}

with named as (
    select * from {{ ref('named_events') }}
),

left_out as (
    select {{ line_key() | join(', ') }} from {{ ref('line_status') }} where status <> 'accepted'
),

events as (
    select * from {{ ref('plan_events') }}
),

excluded_actors as (
    select distinct product, actor_id from {{ ref('plan_excluded_actors') }}
),

environments as (
    select product, raw_value, value from {{ ref('plan_value_aliases') }} where property = 'environment'
),

clock as (
    select product, as_of_end_at from {{ ref('reporting_clock') }}
),

links as (
    select
        *,
        coalesce(valid_from, cast('1900-01-01' as {{ timestamp_type() }})) as linked_from,
        coalesce(valid_to, cast('2299-01-01' as {{ timestamp_type() }})) as linked_to
    from {{ ref('person_links') }}
    where why <> 'same_id'
),

same_ids as (
    select product, user_id, known_at from {{ ref('person_links') }} where why = 'same_id'
),

mends as (
    select
        {{ line_key() | join(', ') }},
        -- What to merge into the properties and into the record, and the canonical columns that change with them.
        coalesce('{' || {{ joined_text(
            "case when location = 'props' then '\"' || property || '\":' || replacement end", ',', 'property'
        ) }} || '}', '{}') as props_patch,
        '{' || {{ joined_text(
            "case when canonical_column is not null then '\"' || canonical_column || '\":' || replacement end", ',', 'property'
        ) }} || '}' as column_patch
    from {{ ref('event_violations') }}
    where replacement is not null and severity <> 'reject'
    group by {{ line_key() | join(', ') }}
),

sound as (
    select named.*
    from named
    left join left_out on {{ same_line('named', 'left_out') }}
    where left_out.product is null
),

accepted as (
    select
        {{ columns_of('sound', carried) }},
        mends.props_patch,
        mends.column_patch,
        case when sound.container <> '' then {{ json_fragment('sound.record', "''", 'sound.container') }} end as contained,
        coalesce(links.user_id, same_ids.user_id) as linked_user_id,
        -- The same with the log-ins up to the reporting day only: before a log-in the device was still that of the user
        -- before, until the new one was seen.
        coalesce(
            case
                when links.known_at < clock.as_of_end_at then links.user_id
                when sound.occurred_at < links.seen_at then links.previous_user_id
            end,
            case when same_ids.known_at < clock.as_of_end_at then same_ids.user_id end
        ) as known_linked_user_id
    from sound
    inner join clock on sound.product = clock.product
    left join mends on {{ same_line('sound', 'mends') }}
    left join links
        on
            sound.product = links.product
            and case when sound.user_id is null then sound.anonymous_id end = links.anonymous_id
            and sound.occurred_at >= links.linked_from
            and sound.occurred_at < links.linked_to
    left join same_ids
        on
            sound.product = same_ids.product
            and case when sound.user_id is null then sound.anonymous_id end = same_ids.user_id
)

select
    accepted.event_key,
    {{ columns_of('accepted', line_key()) }},
    accepted.event_id,
    accepted.user_id,
    accepted.anonymous_id,
    coalesce(accepted.user_id, accepted.linked_user_id, accepted.anonymous_id) as person_key,
    case
        when accepted.user_id is not null then 'user'
        when accepted.linked_user_id is not null then 'linked'
        when accepted.anonymous_id is not null then 'anonymous'
    end as actor_kind,
    coalesce(accepted.user_id, accepted.known_linked_user_id) as known_user_id,
    coalesce(accepted.user_id, accepted.known_linked_user_id, accepted.anonymous_id) as known_person_key,
    accepted.session_id,
    accepted.occurred_at,
    cast({{ plus_minutes('accepted.occurred_at', 'accepted.utc_offset_minutes') }} as {{ date_type() }}) as event_date,
    accepted.received_at,
    accepted.event_name as event_name,
    accepted.raw_event_name,
    events.canonical_event,
    events.plan_order,
    accepted.stream_kind,
    accepted.sent_from
    {%- for column in mendable %},
    case
        when {{ json_fragment('accepted.column_patch', "''", "'" ~ column ~ "'") }} is null then accepted.{{ column }}
        else {{ json_text('accepted.column_patch', "''", "'" ~ column ~ "'") }}
    end as {{ column }}
    {%- endfor %},
    accepted.time_kind,
    accepted.is_client_time,
    case
        when accepted.client_at is null or accepted.is_client_time then 'missing'
        when abs({{ seconds_between('accepted.occurred_at', 'accepted.client_at') }}) > {{ plan_setting('clock_skew_tolerance_seconds') }} then 'suspect'
        else 'ok'
    end as clock_trust,
    coalesce(environments.value, accepted.environment, 'prod') = 'prod'
    and excluded_actors.actor_id is null
    and not coalesce(events.is_ignored, false) as is_analyzable,
    case
        when accepted.container = '' then
            case when accepted.props_patch is null then accepted.record else {{ json_patched('accepted.record', 'accepted.props_patch') }} end
        when accepted.props_patch is null then coalesce(accepted.contained, '{}')
        else {{ json_patched("coalesce(accepted.contained, '{}')", 'accepted.props_patch') }}
    end as props
from accepted
left join events on accepted.product = events.product and accepted.event_name = events.event_name
left join excluded_actors
    on
        accepted.product = excluded_actors.product
        and excluded_actors.actor_id = coalesce(accepted.user_id, accepted.known_linked_user_id, accepted.anonymous_id)
left join environments
    on accepted.product = environments.product and accepted.environment = environments.raw_value
