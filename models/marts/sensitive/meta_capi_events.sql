-- One row per event to report to the ad platform: agreed to by the person, young enough, with hashed identifiers. Rows only.
with events as (
    select * from {{ ref('events') }} where is_analyzable and known_person_key is not null
),

consent_events as (
    select * from {{ ref('events') }} where is_analyzable and known_person_key is not null and canonical_event = 'consent_changed'
),

click_events as (
    select * from {{ ref('events') }} where is_analyzable and known_person_key is not null and click_id is not null
),

conversions as (
    select * from {{ ref('plan_ad_conversions') }}
),

clock as (
    select product, as_of_end_at from {{ ref('reporting_clock') }}
),

products as (
    select product, default_currency from {{ ref('plan_products') }}
),

consents as (
    select
        {{ columns_of('consent_events', ['product', 'known_person_key', 'occurred_at', 'received_at', 'plan_order', 'event_key']) }},
        coalesce(
            {{ json_text('consent_events.props', "'consent_state'", "'ads_allowed'") }},
            {{ json_text('consent_events.props', "''", "'ads_allowed'") }}
        ) as ads_allowed
    from consent_events
),

converted as (
    select
        {{ columns_of('events', ['event_key', 'event_id', 'product', 'known_person_key', 'occurred_at', 'amount_text', 'currency']) }},
        conversions.conversion_name,
        conversions.action_source,
        conversions.is_first_only,
        clock.as_of_end_at,
        row_number() over (
            partition by events.product, events.known_person_key, conversions.conversion_name order by {{ event_order('events') }}
        ) as time_no
    from events
    inner join conversions on events.product = conversions.product and events.event_name = conversions.event_name
    inner join clock on events.product = clock.product
    where events.occurred_at < clock.as_of_end_at
),

young as (
    select *
    from converted
    where
        occurred_at >= {{ plus_minutes('as_of_end_at', 'cast(-1440 * ' ~ plan_setting('ad_conversion_max_age_days') ~ ' as bigint)') }}
        and (time_no = 1 or not is_first_only)
),

-- What the person had last said, and last clicked, when it happened.
agreed as (
    select
        young.event_key,
        consents.ads_allowed,
        row_number() over (
            partition by young.event_key
            order by consents.occurred_at desc, consents.received_at desc, consents.plan_order desc, consents.event_key desc
        ) as from_last
    from young
    inner join consents on young.product = consents.product and young.known_person_key = consents.known_person_key
    where consents.occurred_at <= young.occurred_at
),

clicked as (
    select
        young.event_key,
        click_events.click_id,
        click_events.occurred_at as clicked_at,
        row_number() over (
            partition by young.event_key
            order by click_events.occurred_at desc, click_events.received_at desc, click_events.plan_order desc, click_events.event_key desc
        ) as from_last
    from young
    inner join click_events on young.product = click_events.product and young.known_person_key = click_events.known_person_key
    where click_events.occurred_at <= young.occurred_at
)

select
    young.product as product,
    coalesce(young.event_id, young.event_key) as event_id,
    young.conversion_name as event_name,
    cast(floor({{ epoch_microseconds('young.occurred_at') }} / 1000000) as bigint) as event_time,
    young.action_source,
    {{ text_sha256("lower(trim(young.known_person_key))") }} as external_id_sha256,
    'fb.1.' || cast(cast(floor({{ epoch_microseconds('clicked.clicked_at') }} / 1000) as bigint) as {{ dbt.type_string() }})
    || '.' || clicked.click_id as fbc,
    {{ try_decimal('young.amount_text', 6) }} as value,
    case when {{ try_decimal('young.amount_text', 6) }} is not null then coalesce(young.currency, products.default_currency) end as currency
from young
inner join agreed on young.event_key = agreed.event_key and agreed.from_last = 1 and agreed.ads_allowed = 'true'
left join clicked on young.event_key = clicked.event_key and clicked.from_last = 1
inner join products on young.product = products.product
