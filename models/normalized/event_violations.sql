-- One row per line, rule and property that broke the plan: what was wrong, how severe, and what the value became.
-- `named_events` is read where it is needed and not through one CTE: a shared CTE would write the records out again.
with rules as (
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
        {{ columns_of('named', line_key() + [
            'event_id', 'user_id', 'anonymous_id', 'session_id', 'account_id', 'event_name', 'time_text', 'time_kind', 'occurred_at',
            'client_at', 'sent_from', 'is_client_time', 'is_bad_container', 'is_key_missing',
        ]) }},
        events.is_actor_required,
        {{ split_list('events.expected_source', '|') }} as expected_sources,
        {{ plus_minutes('cast(products.earliest_date as ' ~ timestamp_type() ~ ')', '-named.utc_offset_minutes') }} as earliest_at,
        {{ plus_minutes('named.received_at', 'cast(' ~ plan_setting('future_tolerance_minutes') ~ ' as bigint)') }} as latest_at
    from {{ ref('named_events') }} as named
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
        "not is_client_time and occurred_at between earliest_at and latest_at and abs("
        ~ seconds_between('occurred_at', 'client_at') ~ ") > " ~ plan_setting('clock_skew_tolerance_seconds')),
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
        {{ timestamp_text('client_at') if observed == 'client_at_text' else observed or 'cast(null as ' ~ dbt.type_string() ~ ')' }} as observed_value,
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
    from {{ ref('named_events') }} as named
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
{%- set line_columns = line_key() + ['event_name', 'container', 'record', 'is_text_source', 'utc_offset_minutes', 'is_key_missing'] %}
{%- set rule_columns = [
    'property', 'location', 'canonical_column', 'type', 'is_key_part', 'is_required', 'required_when_property',
    'required_when_values', 'missing_severity', 'invalid_severity', 'allowed_values', 'allowed_fragments', 'min_value', 'max_value', 'pattern',
    'not_before', 'empty_is_value', 'sensitivity',
] %}

members as (
    select
        {{ line_columns | join(', ') }},
        {{ json_members('record', 'container') }}
    from {{ ref('named_events') }}
    where not is_bad_container and event_name is not null
),

-- The properties that are there, each line read once. Most values show by their raw JSON alone that they are in order.
sent_properties as (
    select
        {% for column in line_columns %}members.{{ column }},
        {% endfor -%}
        {% for column in rule_columns %}rules.{{ column }},
        {% endfor -%}
        members.member_value as fragment
    from members
    inner join rules
        on
            members.product = rules.product
            and members.event_name = rules.event_name
            and members.member_key = rules.property
    where
        rules.location = 'props'
        and not (rules.type = 'envelope' and not rules.is_required)
        and not coalesce({{ is_in_order('members.member_value') }}, false)
),

-- Properties at the top of the record are few: they are looked up one by one.
record_properties as (
    select
        {% for column in line_columns %}named.{{ column }},
        {% endfor -%}
        {% for column in rule_columns %}rules.{{ column }},
        {% endfor -%}
        {{ json_fragment('named.record', "''", 'rules.property') }} as fragment
    from {{ ref('named_events') }} as named
    inner join rules on named.product = rules.product and named.event_name = rules.event_name
    where
        not named.is_bad_container
        and rules.location = 'record'
        and not (rules.type = 'envelope' and not rules.is_required)
),

-- Properties that the plan asks for and the line does not have.
keyed as (
    select
        {{ line_columns | join(', ') }},
        {{ json_object_keys('record', 'container') }} as sent_keys
    from {{ ref('named_events') }}
    where not is_bad_container and event_name is not null
),

absent_properties as (
    select
        {% for column in line_columns %}keyed.{{ column }},
        {% endfor -%}
        {% for column in rule_columns %}rules.{{ column }},
        {% endfor -%}
        cast(null as {{ dbt.type_string() }}) as fragment
    from keyed
    inner join rules on keyed.product = rules.product and keyed.event_name = rules.event_name
    where
        rules.location = 'props'
        and (rules.is_required or rules.required_when_property is not null)
        and not coalesce({{ list_has('keyed.sent_keys', 'rules.property') }}, false)
),

sent as (
    select * from sent_properties
    union all
    select * from record_properties
    -- What is not there is in order unless the plan asks for it.
    where not coalesce({{ is_in_order('fragment') }}, not (is_required or required_when_property is not null))
    union all
    select * from absent_properties
),

valued as (
    select
        *,
        fragment is null as is_absent,
        case when fragment <> 'null' then {{ clean_text(json_unquoted('fragment')) }} end as value_text,
        substr(fragment, 1, 1) as first_character
    from sent
),

-- A pattern is compiled anew for every row that it meets, so it meets each value once.
formats as (
    select distinct pattern, value_text from valued where pattern is not null and value_text is not null
),

bad_formats as (
    select pattern, value_text from formats where not {{ matches('value_text', "'^(' || pattern || ')$'") }}
),

formatted as (
    select
        valued.*,
        bad_formats.pattern is not null as is_bad_format
    from valued
    left join bad_formats on valued.pattern = bad_formats.pattern and valued.value_text = bad_formats.value_text
),

{%- set not_before_text = json_text('record', 'container', 'not_before') %}

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
            else coalesce(
                -- By type first, so that a value meets only the checks of its own type.
                case type
                    when 'id' then case
                        when {{ suspected_pii('value_text') }} then 'pii_suspected'
                        when first_character in ('{', '[', 't', 'f') then 'wrong_type'
                    end
                    when 'text' then case
                        when first_character <> '"' then 'wrong_type'
                        when {{ suspected_pii('value_text') }} then 'pii_suspected'
                    end
                    when 'enum' then case
                        when first_character <> '"' then 'wrong_type'
                        when not {{ list_has('allowed_values', 'value_text') }} then 'enum_out_of_range'
                    end
                    when 'number' then case
                        when first_character in ('{', '[', 't', 'f') or {{ try_number('value_text') }} is null then 'wrong_type'
                    end
                    when 'integer' then case
                        when first_character in ('{', '[', 't', 'f') or {{ try_number('value_text') }} is null then 'wrong_type'
                        when {{ try_number('value_text') }} <> floor({{ try_number('value_text') }}) then 'wrong_type'
                    end
                    when 'boolean' then case
                        when first_character not in ('t', 'f', '"') or value_text not in ('true', 'false') then 'wrong_type'
                    end
                    when 'timestamp' then case
                        when {{ time_kind('value_text') }} is null then 'wrong_type'
                        when
                            not_before is not null
                            and {{ utc_timestamp('value_text', time_kind('value_text'), 'utc_offset_minutes') }}
                            < {{ utc_timestamp(not_before_text, time_kind(not_before_text), 'utc_offset_minutes') }}
                            then 'bad_interval'
                    end
                    when 'number_range' then case
                        when first_character <> '"' then 'wrong_type'
                        when not coalesce(
                            {{ matches('value_text', "'^[0-9]+([.][0-9]+)?-[0-9]+([.][0-9]+)?$'") }}
                            and {{ try_number(dbt.split_part('value_text', "'-'", 1)) }} <= {{ try_number(dbt.split_part('value_text', "'-'", 2)) }}, false
                        ) then 'out_of_range'
                    end
                    when 'object' then case when first_character <> '{' then 'wrong_type' end
                    when 'array' then case when first_character <> '[' then 'wrong_type' end
                end,
                case
                    when
                        (min_value is not null or max_value is not null)
                        and ({{ try_number('value_text') }} < min_value or {{ try_number('value_text') }} > max_value)
                        then 'out_of_range'
                    when is_bad_format then 'bad_format'
                    when type in ('number', 'integer', 'boolean') and first_character = '"' and not is_text_source then 'coerced_text'
                end
            )
        end as rule
    from formatted
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
        case when rule <> 'missing_required' and coalesce(sensitivity, 'open') <> 'pii' then value_text end as observed_value,
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
            -- Other spellings of a number (`.5`, `+5`) are none in JSON: the text stays.
            when rule = 'coerced_text'
                then case when {{ matches('value_text', "'^(true|false|-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?)$'") }} then value_text end
            when rule not in ('missing_required', 'bad_interval') then 'null'
        end as replacement
    from aliased
),

-- 4. Governance: what the policy tag asks of the other fields.
tagged as (
    select
        {{ columns_of('named', line_key() + ['event_name', 'action_required', 'risk_level', 'escalation_level']) }},
        policy_tags.action_required as expected_action,
        policy_tags.risk_level as expected_risk,
        policy_tags.escalation_level as expected_escalation,
        named.policy_tag is null or policy_tags.policy_tag is not null as is_tag_planned,
        named.action_required in (select value from {{ ref('plan_enum_values') }} where enum_name = 'action_required') as is_action_planned,
        named.escalation_level in (select tags.escalation_level from policy_tags as tags) as is_escalation_of_a_tag
    from {{ ref('named_events') }} as named
    left join value_aliases
        on
            named.product = value_aliases.product
            and value_aliases.property = 'policy_tag'
            and named.policy_tag = value_aliases.raw_value
    left join policy_tags on coalesce(value_aliases.value, named.policy_tag) = policy_tags.policy_tag
    where named.policy_tag is not null or named.escalation_level is not null
),

{%- set governance_rules = [
    ('policy_action_mismatch', 'warn', 'action_required',
        "is_action_planned and expected_action is not null and action_required <> 'appeal_only' and action_required <> expected_action"),
    ('policy_risk_mismatch', 'warn', 'risk_level',
        "risk_level is not null and expected_risk is not null and risk_level <> expected_risk"),
    ('policy_escalation_mismatch', 'error', 'escalation_level',
        "expected_escalation is not null and coalesce(escalation_level, 'none') <> expected_escalation"),
    ('policy_escalation_unexpected', 'warn', 'escalation_level',
        "is_tag_planned and is_escalation_of_a_tag and expected_escalation is null"),
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
        on
            tagged.product = rules.product
            and tagged.event_name = rules.event_name
            and rules.property = '{{ property }}'
            and rules.is_listed
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
        {{ columns_of('key_violations', line_key()) }},
        named.event_name,
        key_violations.rule,
        key_violations.property,
        key_violations.observed_value,
        'warn' as severity,
        cast(null as {{ dbt.type_string() }}) as location,
        cast(null as {{ dbt.type_string() }}) as canonical_column,
        cast(null as {{ dbt.type_string() }}) as replacement
    from {{ ref('named_events') }} as named
    inner join key_violations on {{ same_line('named', 'key_violations') }}
),

-- A value that may be personal is written nowhere but in the landed line, whatever field it was sent in.
withheld as (
    select
        {{ line_key() | join(', ') }}, event_name, rule, property,
        case when rule <> 'pii_suspected' and not {{ suspected_pii('observed_value') }} then observed_value end as observed_value,
        severity, location, canonical_column, replacement
    from violations
)

select * from withheld
