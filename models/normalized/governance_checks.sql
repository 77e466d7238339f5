-- One row per received line and governance property of its event: required or not, there or not, in range or not.
-- Resent copies and lines rejected for another reason are left out.
{%- set properties = ['policy_tag', 'action_required', 'escalation_level'] %}

with named as (
    select * from {{ ref('named_events') }}
),

rules as (
    select * from {{ ref('plan_event_rules') }} where property in ('{{ properties | join("', '") }}')
),

statuses as (
    select * from {{ ref('line_status') }}
),

violations as (
    select * from {{ ref('event_violations') }}
    where rule = 'enum_out_of_range' and property in ('{{ properties | join("', '") }}')
),

value_aliases as (
    select * from {{ ref('plan_value_aliases') }}
),

received as (
    select
        {{ columns_of('named', line_key()) }},
        cast({{ plus_minutes('named.occurred_at', 'named.utc_offset_minutes') }} as {{ date_type() }}) as event_date,
        named.event_name as event_name,
        named.record,
        named.container,
        rules.property,
        rules.is_required,
        rules.required_when_property,
        rules.required_when_values,
        {{ clean_text(json_text('named.record', 'named.container', 'rules.property')) }} as sent_value,
        statuses.status
    from named
    inner join rules on named.product = rules.product and named.event_name = rules.event_name
    inner join statuses on {{ same_line('named', 'statuses') }}
    where
        (statuses.status = 'accepted' or (statuses.status = 'quarantined' and statuses.reason = 'enum_out_of_range'))
        -- An event that does not list the property is looked at only when it sends it.
        and (rules.is_listed or {{ json_fragment('named.record', 'named.container', 'rules.property') }} is not null)
),

judged as (
    select
        {{ columns_of('received', line_key()) }},
        received.event_date,
        received.event_name as event_name,
        received.property as property,
        case when not {{ suspected_pii('received.sent_value') }} then coalesce(value_aliases.value, received.sent_value) end as sent_value,
        received.status = 'accepted' as is_accepted,
        {{ is_required_here() }} as is_required,
        {{ json_fragment('received.record', 'received.container', 'received.property') }} is not null as is_present,
        violations.rule is not null as is_out_of_range
    from received
    left join violations on {{ same_line('received', 'violations') }} and received.property = violations.property
    left join value_aliases
        on
            received.product = value_aliases.product
            and received.property = value_aliases.property
            and received.sent_value = value_aliases.raw_value
)

select * from judged
