-- One row per product, template, variant ('*' = the experiment), day and measure: by how much the measure's value over the
-- window of experiments changes that day. A template's test is one experiment; WINNER, what everybody gets once it is
-- decided, is no part of it. From the day on which a person is seen in a second variant the person counts in none of them.
{%- set window_days = 'cast(' ~ plan_setting('experiment_window_days') ~ ' as integer)' %}
{%- set amounts = ['exposures', 'executions', 'successes', 'revenue_minor', 'unpriced_payments'] %}

with template_events as (
    select * from {{ ref('template_events') }} where template_id is not null and variant is not null
),

payments as (
    select event_key, amount_reporting_minor from {{ ref('payments') }} where kind = 'payment'
),

first_seen as (
    select
        product,
        template_id,
        person_key,
        variant,
        min(event_date) as first_date
    from template_events
    where person_key is not null and variant <> 'WINNER'
    group by product, template_id, person_key, variant
),

numbered as (
    select
        *,
        row_number() over (partition by product, template_id, person_key order by first_date, variant) as variant_number
    from first_seen
),

contaminated as (
    select product, template_id, person_key, first_date as contaminated_date from numbered where variant_number = 2
),

variant_events as (
    select
        template_events.product as product,
        template_events.template_id as template_id,
        template_events.variant as variant,
        template_events.person_key as person_key,
        template_events.event_date as event_date,
        template_events.is_execute,
        template_events.is_success,
        template_events.is_exposure,
        template_events.is_paid,
        payments.event_key is not null as is_payment,
        payments.amount_reporting_minor,
        contaminated.contaminated_date
    from template_events
    left join contaminated
        on
            template_events.product = contaminated.product
            and template_events.template_id = contaminated.template_id
            and template_events.person_key = contaminated.person_key
            and template_events.variant <> 'WINNER'
    left join payments on template_events.event_key = payments.event_key
),

event_days as (
    select
        product,
        template_id,
        variant,
        event_date,
        contaminated_date,
        sum(case when is_exposure then 1 else 0 end) as exposures,
        sum(case when is_execute then 1 else 0 end) as executions,
        sum(case when is_success then 1 else 0 end) as successes,
        sum(coalesce(amount_reporting_minor, 0)) as revenue_minor,
        sum(case when is_payment and amount_reporting_minor is null then 1 else 0 end) as unpriced_payments
    from variant_events
    group by product, template_id, variant, event_date, contaminated_date
),

active_days as (
    {%- for measure, condition in {'people': 'is_execute', 'paid_people': 'is_paid'}.items() %}
    select distinct product, template_id, variant, person_key, event_date, contaminated_date, '{{ measure }}' as measure
    from variant_events
    where {{ condition }} and person_key is not null
    union all
    {%- endfor %}
    -- A person is exposed once: at the first exposure.
    select
        product,
        template_id,
        variant,
        person_key,
        min(event_date) as event_date,
        contaminated_date,
        'exposed_people' as measure
    from variant_events
    where is_exposure and person_key is not null
    group by product, template_id, variant, person_key, contaminated_date
    union all
    select distinct product, template_id, '*' as variant, person_key, event_date, contaminated_date, 'seen_people' as measure
    from variant_events
    where variant <> 'WINNER' and person_key is not null
),

sequenced as (
    select
        *,
        lead({{ nullable('event_date') }}) over (
            partition by product, template_id, variant, person_key, measure order by event_date
        ) as next_date
    from active_days
),

-- From the first day on which a fact counts to the day before `end_date`.
stays as (
    {%- for measure in amounts %}
    select
        product,
        template_id,
        variant,
        '{{ measure }}' as measure,
        cast({{ measure }} as bigint) as amount,
        event_date as start_date,
        least({{ plus_days('event_date', window_days) }}, coalesce(contaminated_date, {{ plus_days('event_date', window_days) }})) as end_date
    from event_days
    union all
    {%- endfor %}
    select
        product,
        template_id,
        variant,
        measure,
        cast(1 as bigint) as amount,
        event_date as start_date,
        least(
            {{ plus_days('event_date', window_days) }},
            coalesce(next_date, {{ plus_days('event_date', window_days) }}),
            case
                when measure <> 'seen_people' and contaminated_date is not null then contaminated_date
                else {{ plus_days('event_date', window_days) }}
            end
        ) as end_date
    from sequenced
    union all
    select
        product,
        template_id,
        variant,
        'contaminated_people' as measure,
        cast(1 as bigint) as amount,
        greatest(event_date, contaminated_date) as start_date,
        least({{ plus_days('event_date', window_days) }}, coalesce(next_date, {{ plus_days('event_date', window_days) }})) as end_date
    from sequenced
    where measure = 'seen_people' and contaminated_date is not null
),

changes as (
    select product, template_id, variant, measure, start_date as date_day, amount as change from stays where start_date < end_date
    union all
    select product, template_id, variant, measure, end_date as date_day, -amount as change from stays where start_date < end_date
)

select
    product,
    template_id,
    variant,
    date_day,
    measure,
    sum(change) as change
from changes
group by product, template_id, variant, date_day, measure
