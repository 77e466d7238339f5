-- One row per readable line of a planned stream: when it happened, who sent it and which event of the plan it names
-- (NULL when none). Nothing is judged yet.
{%- set staged_columns = line_key() + ['received_at', 'is_text_source', 'container', 'is_bad_container', 'record'] + canonical_columns() %}
{%- set timed_columns = staged_columns + ['stream_kind', 'utc_offset_minutes', 'unconditional_name', 'when_property', 'when_value',
                                          'time_text', 'is_client_time', 'time_kind'] %}

with staged as (
    {% for node in ['prompts__events', 'prompts__templates', 'prompts__app_metrics_daily', 'prompts__site_gate_status',
                    'landing__events', 'app__users', 'app__trades', 'app__task_generate_log', 'app__user_action_log',
                    'app__subscription_records', 'storyforge__events', 'blanklogo__events', 'blanklogo__ad_spend'] %}
    select
        {{ staged_columns | join(',\n        ') }}
    from {{ ref('stg_' ~ node) }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

cleaned as (
    select
        {% for column in line_key() %}{{ column }},
        {% endfor -%}
        received_at,
        is_text_source,
        container,
        is_bad_container,
        record
        {%- for column in canonical_columns() %},
        {%- if column in ['user_id', 'anonymous_id', 'session_id', 'account_id', 'event_id'] %}
        {{ identifier(column) }} as {{ column }}
        {%- else %}
        {{ clean_text(column) }} as {{ column }}
        {%- endif %}
        {%- endfor %}
    from staged
),

products as (
    select product, utc_offset_minutes from {{ ref('plan_products') }}
),

streams as (
    select product, stream, kind as stream_kind from {{ ref('plan_streams') }}
),

event_names as (
    select * from {{ ref('plan_event_names') }}
),

event_aliases as (
    select * from {{ ref('plan_event_aliases') }} where when_property is not null
),

value_aliases as (
    select * from {{ ref('plan_value_aliases') }}
),

event_keys as (
    select * from {{ ref('plan_event_keys') }}
),

clocked as (
    select
        {{ columns_of('cleaned', staged_columns) }},
        streams.stream_kind,
        products.utc_offset_minutes,
        event_names.event_name as unconditional_name,
        event_names.when_property,
        case
            when event_names.when_property is not null
                then {{ clean_text(json_text('cleaned.record', 'cleaned.container', 'event_names.when_property')) }}
        end as when_value,
        coalesce(cleaned.occurred_at_text, cleaned.client_time_text) as time_text,
        cleaned.occurred_at_text is null and cleaned.client_time_text is not null as is_client_time
    from cleaned
    inner join streams on cleaned.product = streams.product and cleaned.stream = streams.stream
    inner join products on cleaned.product = products.product
    left join event_names
        on cleaned.product = event_names.product and cleaned.raw_event_name = event_names.raw_event_name
),

timed as (
    select
        *,
        {{ time_kind('time_text') }} as time_kind
    from clocked
),

named as (
    select
        {{ columns_of('timed', timed_columns) }},
        {{ low_cardinality('coalesce(event_aliases.event_name, timed.unconditional_name)') }} as event_name,
        {{ utc_timestamp('timed.time_text', 'timed.time_kind', 'timed.utc_offset_minutes') }} as occurred_at,
        case
            when timed.client_time_text is not null
                then {{ utc_timestamp('timed.client_time_text', time_kind('timed.client_time_text'), 'timed.utc_offset_minutes') }}
        end as client_at
    from timed
    left join value_aliases
        on
            timed.product = value_aliases.product
            and timed.when_property = value_aliases.property
            and timed.when_value = value_aliases.raw_value
    left join event_aliases
        on
            timed.product = event_aliases.product
            and timed.raw_event_name = event_aliases.raw_event_name
            and coalesce(value_aliases.value, timed.when_value) = event_aliases.when_value
),

keyed as (
    select
        named.*,
        event_keys.key_parts
        {%- for position in range(1, 5) %},
        event_keys.key_{{ position }} as key_{{ position }}_property,
        event_keys.key_{{ position }}_may_be_missing,
        case
            when event_keys.key_parts < {{ position }} or (named.event_id is not null and named.stream_kind <> 'versions') then null
            when event_keys.key_{{ position }} = 'occurred_at' then cast({{ epoch_microseconds('named.occurred_at') }} as {{ dbt.type_string() }})
            when event_keys.key_{{ position }} = 'order_id' then {{ identifier('named.order_id') }}
            else
                {{ identifier(json_text(
                    'named.record',
                    "case when event_keys.key_" ~ position ~ "_location = 'record' then '' else named.container end",
                    'event_keys.key_' ~ position
                )) }}
        end as key_{{ position }}
        {%- endfor %}
    from named
    left join event_keys on named.product = event_keys.product and named.event_name = event_keys.event_name
),

identified as (
    select
        *,
        -- NULL when the event has an id of its own, no natural key, or an incomplete one.
        case
            when key_parts = 0 or (event_id is not null and stream_kind <> 'versions') then null
            {% for position in range(1, 5) -%}
            when key_parts >= {{ position }} and key_{{ position }} is null then null
            {% endfor -%}
            else
                case when stream_kind = 'versions' then raw_event_name else event_name end
                {%- for position in range(1, 5) %}
                || coalesce('/' || key_{{ position }}, '')
                {%- endfor %}
        end as natural_key
    from keyed
)

select
    {% for column in line_key() %}{{ column }},
    {% endfor -%}
    event_id,
    natural_key,
    -- Facts read it often: kept here, so that they need not read the record.
    {{ text_digest(
        "product || '/' || coalesce("
        ~ "case when stream_kind <> 'versions' then event_id end, natural_key, event_name || '/' || record)"
    ) }} as event_key,
    user_id,
    anonymous_id,
    session_id,
    account_id,
    template_id,
    task_id,
    order_id,
    occurred_at,
    client_at,
    received_at,
    utc_offset_minutes,
    time_text,
    time_kind,
    raw_event_name,
    event_name,
    stream_kind,
    sent_from,
    environment,
    task_type,
    channel,
    referrer,
    campaign,
    variant,
    currency,
    policy_tag,
    action_required,
    risk_level,
    escalation_level,
    amount_text,
    amount_minor_text,
    charged_minor_text,
    refunded_amount_text,
    is_trial_text,
    refunded_at_text,
    tokens_text,
    model,
    failure_code,
    failure_reason,
    job_mode,
    job_platform,
    click_id,
    subscription_id,
    plan_name,
    billing_period,
    subscription_status,
    ends_at_text,
    processor,
    is_text_source,
    is_client_time,
    is_bad_container,
    {# A part that must be there is not, and no event id stands in for the key. A missing time is told as such. -#}
    coalesce((event_id is null or stream_kind = 'versions') and not is_bad_container and (
        {% for position in range(1, 5) -%}
        (
            key_parts >= {{ position }} and key_{{ position }} is null
            and not key_{{ position }}_may_be_missing and key_{{ position }}_property <> 'occurred_at'
        )
        {%- if not loop.last %}
        or {% endif %}
        {%- endfor %}
    ), false) as is_key_missing,
    container,
    record
from identified
