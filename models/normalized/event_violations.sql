-- One row per line, rule and property that broke the plan: what was wrong, how severe, and what the value became.
with named as (
    select * from {{ ref('named_events') }}
),

rules as (
    select * from {{ ref('plan_event_rules') }}
),

events as (
    select * from {{ ref('plan_events') }}
),

products as (
    select product, earliest_date from {{ ref('plan_products') }}
),

policy_tags as (
    select * from {{ ref('plan_policy_tags') }}
),

event_aliases as (
    select distinct product, raw_event_name from {{ ref('plan_event_aliases') }} where when_property is null
),

value_aliases as (
    select * from {{ ref('plan_value_aliases') }}
),

property_aliases as (
    select * from {{ ref('plan_property_aliases') }}
),

irregular as (
    select * from {{ ref('irregular_records') }}
),

-- 1. The envelope: columns that every stream has.
enveloped as (
    select
        named.*,
        events.is_actor_required,
        {{ split_list('events.expected_source', '|') }} as expected_sources,
        {{ plus_minutes('cast(products.earliest_date as timestamp)', '-named.utc_offset_minutes') }} as earliest_at,
        {{ plus_minutes('named.received_at', 'cast(' ~ plan_setting('future_tolerance_minutes') ~ ' as bigint)') }} as latest_at
    from named
    inner join products on named.product = products.product
    left join events on named.product = events.product and named.event_name = events.event_name
),

{%- set envelope_rules = [
    ('missing_time', 'reject', 'occurred_at', 'time_text', "time_text is null"),
    ('bad_time', 'reject', 'occurred_at', 'time_text',
        "time_text is not null and (occurred_at is null or occurred_at < earliest_at or occurred_at > latest_at)"),
    ('missing_natural_key', 'reject', 'natural_key', none, "is_key_missing"),
    ('pii_suspected', 'reject', 'event_id', none, suspected_pii('event_id')),
    ('pii_suspected', 'reject', 'user_id', none, suspected_pii('user_id')),
    ('pii_suspected', 'reject', 'anonymous_id', none, suspected_pii('anonymous_id')),
    ('pii_suspected', 'reject', 'session_id', none, suspected_pii('session_id')),
    ('missing_actor', 'error', 'user_id', none,
        "is_actor_required and not is_bad_container and user_id is null and anonymous_id is null and account_id is null"),
    ('tz_assumed', 'warn', 'occurred_at', 'time_text', "time_kind = 'naive'"),
    ('client_time_used', 'warn', 'occurred_at', 'time_text', "is_client_time"),
    ('clock_skew', 'warn', 'occurred_at', 'client_at_text',
        "not is_client_time and occurred_at between earliest_at and latest_at and abs(" ~ seconds_between('occurred_at', 'client_at') ~ ") > " ~ plan_setting('clock_skew_tolerance_seconds')),
    ('wrong_source', 'warn', 'source', 'sent_from',
        "sent_from is not null and " ~ list_size('expected_sources') ~ " > 0 and not " ~ list_has('expected_sources', 'sent_from')),
] %}

envelope_violations as (
    {% for rule, severity, property, observed, condition in envelope_rules %}
    select
        {% for column in line_key() %}{{ column }},
        {% endfor -%}
        event_name,
        '{{ rule }}' as rule,
        '{{ property }}' as property,
        {{ 'cast(client_at as ' ~ dbt.type_string() ~ ')' if observed == 'client_at_text' else observed or 'cast(null as ' ~ dbt.type_string() ~ ')' }} as observed_value,
        '{{ severity }}' as severity
    from enveloped
    where {{ condition }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

-- 2. Names: historical event names, other spellings of properties, properties that the plan does not know.
name_violations as (
    select
        {% for column in line_key() %}named.{{ column }},
        {% endfor -%}
        named.event_name,
        'event_alias' as rule,
        'event_name' as property,
        named.raw_event_name as observed_value,
        'warn' as severity
    from named
    inner join event_aliases
        on named.product = event_aliases.product and named.raw_event_name = event_aliases.raw_event_name
    where named.event_name is not null
),

respelled as (
    select
        {% for column in line_key() %}{{ column }},
        {% endfor -%}
        {{ list_items('renamed_keys') }} as sent_key
    from irregular
    where renamed_keys is not null
),

unplanned as (
    select
        {% for column in line_key() %}{{ column }},
        {% endfor -%}
        {{ list_items('unplanned_keys') }} as sent_key
    from irregular
),

key_violations as (
    select
        {% for column in line_key() %}respelled.{{ column }},
        {% endfor -%}
        'property_alias' as rule,
        property_aliases.property,
        respelled.sent_key as observed_value
    from respelled
    inner join property_aliases
        on respelled.product = property_aliases.product and respelled.sent_key = property_aliases.raw_property
    union all
    select
        {% for column in line_key() %}{{ column }},
        {% endfor -%}
        'unplanned_property' as rule,
        sent_key as property,
        cast(null as {{ dbt.type_string() }}) as observed_value
    from unplanned
),

-- 3. Properties: what was sent for each property that the plan knows; only failing rows go on.
sent as (
    select
        {% for column in line_key() %}named.{{ column }},
        {% endfor -%}
        named.event_name,
        named.container,
        named.record,
        named.is_text_source,
        named.utc_offset_minutes,
        named.is_key_missing,
        rules.property,
        rules.location,
        rules.canonical_column,
        rules.type,
        rules.is_key_part,
        rules.is_required,
        rules.required_when_property,
        rules.required_when_values,
        rules.missing_severity,
        rules.invalid_severity,
        rules.allowed_values,
        rules.min_value,
        rules.max_value,
        rules.pattern,
        rules.not_before,
        rules.empty_is_value,
        rules.sensitivity,
        {{ json_fragment('named.record', "case when rules.location = 'record' then '' else named.container end", 'rules.property') }} as fragment
    from named
    inner join rules on named.product = rules.product and named.event_name = rules.event_name
    where not named.is_bad_container
),

valued as (
    select
        *,
        fragment is null as is_absent,
        case when fragment <> 'null' then {{ clean_text(json_unquoted('fragment')) }} end as value_text,
        substr(fragment, 1, 1) as first_character
    from sent
),

checked as (
    select
        *,
        case
            when
                is_absent
                or (value_text is null and not empty_is_value)
                or (type = 'envelope' and {{ identifier('value_text') }} is null)
                -- A missing part of the key is told once, as missing_natural_key.
                then case when {{ is_required_here() }} and not (is_key_missing and is_key_part) then 'missing_required' end
            when value_text is null then null
            when (type = 'id' or (type = 'text' and first_character = '"')) and {{ suspected_pii('value_text') }} then 'pii_suspected'
            when type = 'id' and first_character in ('{', '[', 't', 'f') then 'wrong_type'
            when type = 'text' and first_character <> '"' then 'wrong_type'
            when type in ('enum', 'number_range') and first_character <> '"' then 'wrong_type'
            when type = 'timestamp' and {{ time_kind('value_text') }} is null then 'wrong_type'
            when type = 'object' and first_character <> '{' then 'wrong_type'
            when type = 'array' and first_character <> '[' then 'wrong_type'
            when type in ('number', 'integer') and (first_character in ('{', '[', 't', 'f') or {{ try_number('value_text') }} is null) then 'wrong_type'
            when type = 'integer' and {{ try_number('value_text') }} <> floor({{ try_number('value_text') }}) then 'wrong_type'
            when type = 'boolean' and (first_character not in ('t', 'f', '"') or value_text not in ('true', 'false')) then 'wrong_type'
            when type = 'enum' and not {{ list_has('allowed_values', 'value_text') }} then 'enum_out_of_range'
            when type in ('number', 'integer') and ({{ try_number('value_text') }} < min_value or {{ try_number('value_text') }} > max_value) then 'out_of_range'
            when type = 'number_range' and not coalesce(
                {{ matches('value_text', "'^[0-9]+([.][0-9]+)?-[0-9]+([.][0-9]+)?$'") }}
                and {{ try_number(dbt.split_part('value_text', "'-'", 1)) }} <= {{ try_number(dbt.split_part('value_text', "'-'", 2)) }}, false
            ) then 'out_of_range'
            when pattern is not null and not {{ matches('value_text', "'^(' || pattern || ')$'") }} then 'bad_format'
            when
                not_before is not null
                and {{ utc_timestamp('value_text', time_kind('value_text'), 'utc_offset_minutes') }}
                < {{ utc_timestamp(json_text('record', 'container', 'not_before'), time_kind(json_text('record', 'container', 'not_before')), 'utc_offset_minutes') }}
                then 'bad_interval'
            when type in ('number', 'integer', 'boolean') and first_character = '"' and not is_text_source then 'coerced_text'
        end as rule
    from valued
),

aliased as (
    select
        checked.*,
        value_aliases.value as canonical_value
    from checked
    left join value_aliases
        on
            checked.product = value_aliases.product
            and checked.property = value_aliases.property
            and checked.value_text = value_aliases.raw_value
    where checked.rule is not null
),

property_violations as (
    select
        {% for column in line_key() %}{{ column }},
        {% endfor -%}
        event_name,
        case when rule = 'enum_out_of_range' and canonical_value is not null then 'value_alias' else rule end as rule,
        property,
        -- A value that may be personal is written nowhere but in the landed line.
        case
            when rule in ('pii_suspected', 'missing_required') or sensitivity = 'pii' then null
            else value_text
        end as observed_value,
        case
            when rule = 'missing_required' then missing_severity
            when rule = 'pii_suspected' then case when type = 'id' then 'reject' else 'error' end
            when rule = 'bad_interval' then 'reject'
            when rule = 'coerced_text' or canonical_value is not null then 'warn'
            -- Only the rules of plan_reasons may reject a line.
            when invalid_severity = 'reject' and rule <> 'enum_out_of_range' then 'error'
            else invalid_severity
        end as severity,
        location,
        canonical_column,
        case
            when rule = 'enum_out_of_range' and canonical_value is not null then {{ json_quoted('canonical_value') }}
            when rule = 'coerced_text' then value_text
            when rule not in ('missing_required', 'bad_interval') then 'null'
        end as replacement
    from aliased
),

-- 4. Governance: what the policy tag asks of the other fields.
tagged as (
    select
        named.*,
        policy_tags.action_required as expected_action,
        policy_tags.risk_level as expected_risk,
        policy_tags.escalation_level as expected_escalation,
        named.action_required in (select value from {{ ref('plan_enum_values') }} where enum_name = 'action_required') as is_action_planned
    from named
    inner join policy_tags on named.policy_tag = policy_tags.policy_tag
),

{%- set governance_rules = [
    ('policy_action_mismatch', 'warn', 'action_required',
        "is_action_planned and expected_action is not null and action_required <> 'appeal_only' and action_required <> expected_action"),
    ('policy_risk_mismatch', 'warn', 'risk_level',
        "risk_level is not null and expected_risk is not null and risk_level <> expected_risk"),
    ('policy_escalation_mismatch', 'error', 'escalation_level',
        "expected_escalation is not null and coalesce(escalation_level, 'none') <> expected_escalation"),
] %}

governance_violations as (
    {% for rule, severity, property, condition in governance_rules %}
    select
        {% for column in line_key() %}tagged.{{ column }},
        {% endfor -%}
        tagged.event_name,
        '{{ rule }}' as rule,
        '{{ property }}' as property,
        tagged.{{ property }} as observed_value,
        '{{ severity }}' as severity
    from tagged
    inner join rules
        on tagged.product = rules.product and tagged.event_name = rules.event_name and rules.property = '{{ property }}'
    where {{ condition }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

violations as (
    select
        {{ line_key() | join(', ') }}, event_name, rule, property, observed_value, severity,
        location, canonical_column, replacement
    from property_violations
    {% for part in ['envelope_violations', 'name_violations', 'governance_violations'] %}
    union all
    select
        {{ line_key() | join(', ') }}, event_name, rule, property, observed_value, severity,
        cast(null as {{ dbt.type_string() }}) as location,
        cast(null as {{ dbt.type_string() }}) as canonical_column,
        cast(null as {{ dbt.type_string() }}) as replacement
    from {{ part }}
    {% endfor %}
    union all
    select
        {% for column in line_key() %}key_violations.{{ column }},
        {% endfor -%}
        named.event_name,
        key_violations.rule,
        key_violations.property,
        key_violations.observed_value,
        'warn' as severity,
        cast(null as {{ dbt.type_string() }}) as location,
        cast(null as {{ dbt.type_string() }}) as canonical_column,
        cast(null as {{ dbt.type_string() }}) as replacement
    from key_violations
    inner join named on {{ same_line('key_violations', 'named') }}
)

select * from violations
