-- One row per metric, product, local day and segment value: what is paid and by how many.
with payments as (
    select * from {{ ref('payments_daily') }}
),

registration_payments as (
    select * from {{ ref('registration_payments') }}
),

days as (
    select * from {{ ref('product_days') }}
),

clock as (
    select product, as_of_date from {{ ref('reporting_clock') }}
),

plan as (
    select * from {{ ref('plan_metrics') }} where status = 'built'
),

settings as (
    select cast({{ plan_setting('net_payer_refund_days') }} as integer) as net_payer_refund_days
),

-- A day without payments is a zero in every product that can have them.
payers as (
    select
        days.product as product,
        days.date_day as date_day,
        {{ plus_days('days.date_day', 'settings.net_payer_refund_days') }} <= clock.as_of_date as is_mature,
        coalesce(sum(payments.new_paying_users), 0) as new_paying_users,
        coalesce(sum(payments.new_paying_users_net), 0) as new_paying_users_net
    from days
    inner join clock on days.product = clock.product
    inner join plan on days.product = plan.product and plan.metric_key = 'new_paying_users'
    cross join settings
    left join payments on days.product = payments.product and days.date_day = payments.date_day
    group by days.product, days.date_day, settings.net_payer_refund_days, clock.as_of_date
),

segment_values as (
    select
        product,
        'all' as segment,
        'all' as segment_value
    from plan
    where metric_key = 'payment_conversion_rate'
    union all
    select distinct
        product,
        'channel' as segment,
        channel as segment_value
    from registration_payments
),

registered as (
    {% for segment, value in {'all': "'all'", 'channel': 'channel'}.items() %}
    select
        product,
        event_date,
        '{{ segment }}' as segment,
        {{ value }} as segment_value,
        count(*) as registrations,
        sum(case when is_payer_7d then 1 else 0 end) as cohort_payers_7d,
        sum(case when is_payer_30d then 1 else 0 end) as cohort_payers_30d
    from registration_payments
    group by product, event_date{% if segment != 'all' %}, {{ value }}{% endif %}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

cohorts as (
    select
        days.product as product,
        days.date_day as date_day,
        segment_values.segment as segment,
        segment_values.segment_value as segment_value,
        coalesce(registered.registrations, 0) as registrations,
        coalesce(registered.cohort_payers_7d, 0) as cohort_payers_7d,
        coalesce(registered.cohort_payers_30d, 0) as cohort_payers_30d,
        {{ plus_days('days.date_day', 7) }} <= clock.as_of_date as is_mature_7d,
        {{ plus_days('days.date_day', 30) }} <= clock.as_of_date as is_mature_30d
    from days
    inner join clock on days.product = clock.product
    inner join segment_values on days.product = segment_values.product
    left join registered
        on
            days.product = registered.product
            and days.date_day = registered.event_date
            and segment_values.segment = registered.segment
            and segment_values.segment_value = registered.segment_value
),

conversions as (
    select
        payers.product as product,
        payers.date_day as date_day,
        payers.new_paying_users as new_paying_users,
        cohorts.registrations as registrations
    from payers
    inner join cohorts on payers.product = cohorts.product and payers.date_day = cohorts.date_day
    where cohorts.segment = 'all'
)

{{ tidy_metrics('payers', {'new_paying_users': ['new_paying_users', none, none]}) }}
union all
{{ tidy_metrics('payers', {'new_paying_users_net': ['new_paying_users_net', none, none]}, is_mature='is_mature') }}
union all
{{ tidy_metrics('conversions', {
    'payment_conversion_rate': ['new_paying_users', 'registrations', rate('new_paying_users', 'registrations')],
}) }}
{% for days in [7, 30] %}
union all
{{ tidy_metrics('cohorts', {
    'payment_conversion_rate_cohort_' ~ days ~ 'd': [
        'cohort_payers_' ~ days ~ 'd', 'registrations', rate('cohort_payers_' ~ days ~ 'd', 'registrations')
    ],
}, segment='segment', segment_value='segment_value', is_mature='is_mature_' ~ days ~ 'd') }}
{% endfor %}
