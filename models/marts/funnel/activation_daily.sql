-- One row per product and local day: who activated, derived and as sent, and the sign-ups of the day that activate in time.
with milestones as (
    select * from {{ ref('milestones') }}
),

products as (
    select distinct product from {{ ref('plan_milestones') }} where milestone = 'activated_as_sent'
),

days as (
    select * from {{ ref('product_days') }}
),

clock as (
    select product, as_of_date from {{ ref('reporting_clock') }}
),

settings as (
    select
        {{ plan_setting('activation_agreement_seconds') }} as agreement_seconds,
        cast({{ plan_setting('onboarding_window_days') }} as integer) as window_days
),

people as (
    select
        product,
        person_key
        {%- for column, milestone in {'signed_up': 'signed_up', 'derived': 'activated', 'sent': 'activated_as_sent'}.items() %},
        min(case when milestone = '{{ milestone }}' then reached_at end) as {{ column }}_at,
        min(case when milestone = '{{ milestone }}' then event_date end) as {{ column }}_date
        {%- endfor %}
    from milestones
    group by product, person_key
),

-- A person who is in both counts on the day of the derived activation.
compared as (
    select
        people.product as product,
        coalesce(people.derived_date, people.sent_date) as date_day,
        count(people.derived_at) as derived_people,
        count(case when people.sent_at is null then 1 end) as derived_only_people,
        count(case when people.derived_at is null then 1 end) as sent_only_people,
        count(
            case when abs({{ seconds_between('people.derived_at', 'people.sent_at') }}) < settings.agreement_seconds then 1 end
        ) as agreed_people
    from people
    cross join settings
    where people.derived_at is not null or people.sent_at is not null
    group by people.product, coalesce(people.derived_date, people.sent_date)
),

cohorts as (
    select
        people.product as product,
        people.signed_up_date as date_day,
        count(*) as sign_ups,
        count(
            case when {{ within_hours('people.derived_at', 'people.signed_up_at', 'settings.window_days * 24') }} then 1 end
        ) as cohort_activations_7d
    from people
    cross join settings
    where people.signed_up_at is not null
    group by people.product, people.signed_up_date
)

select
    days.product as product,
    days.date_day as date_day,
    cast(coalesce(compared.derived_people, 0) as bigint) as derived_people,
    cast(coalesce(compared.derived_only_people, 0) as bigint) as derived_only_people,
    cast(coalesce(compared.sent_only_people, 0) as bigint) as sent_only_people,
    cast(coalesce(compared.derived_people - compared.derived_only_people, 0) as bigint) as people_in_both,
    cast(coalesce(compared.agreed_people, 0) as bigint) as agreed_people,
    cast(coalesce(cohorts.sign_ups, 0) as bigint) as sign_ups,
    cast(coalesce(cohorts.cohort_activations_7d, 0) as bigint) as cohort_activations_7d,
    {{ rate('cohorts.cohort_activations_7d', 'cohorts.sign_ups') }} as activation_rate_cohort_7d,
    {{ plus_days('days.date_day', 'settings.window_days') }} <= clock.as_of_date as is_mature
from days
inner join products on days.product = products.product
inner join clock on days.product = clock.product
cross join settings
left join compared on days.product = compared.product and days.date_day = compared.date_day
left join cohorts on days.product = cohorts.product and days.date_day = cohorts.date_day
