-- One row per product, local day and channel (`all` for any): who of those registered before comes back, in days and weeks.
{%- set of_days = {
    'day_1': 'day_number = 1 and is_core_action',
    'day_1_visit': 'day_number = 1 and is_visit',
    'day_1_generate': 'day_number = 1 and is_generation',
    'day_1_rolling_24h': 'elapsed_days = 1 and is_core_action',
    'day_7': 'day_number = 7 and is_core_action',
    'day_7_rolling_24h': 'elapsed_days = 7 and is_core_action',
    'week_1_rolling': 'day_number between 7 and 13 and is_core_action',
    'week_4_rolling': 'day_number between 22 and 28 and is_core_action',
} %}
{%- set of_weeks = {'week_1': 1, 'week_4': 4} %}
{#- The cohort that each is of: those registered on the day, 1 or 7 days before, or in a week. #}
{%- set cohorts = {
    'same_day': ['week_1_rolling', 'week_4_rolling'],
    'day_before': ['day_1', 'day_1_visit', 'day_1_generate', 'day_1_rolling_24h'],
    'seven_days_before': ['day_7', 'day_7_rolling_24h'],
    'one_week_before': ['week_1'],
    'four_weeks_before': ['week_4'],
} %}

with registrations as (
    select * from {{ ref('registrations') }}
),

registrant_days as (
    select * from {{ ref('registrant_days') }}
),

days as (
    select
        *,
        -- The latest week that has ended by the day.
        {{ plus_days(week_start(plus_days('date_day', 1)), -7) }} as return_week
    from {{ ref('product_days') }}
),

clock as (
    select product, as_of_date, as_of_end_at from {{ ref('reporting_clock') }}
),

returned as (
    select
        product,
        person_key
        {%- for name, condition in of_days.items() %},
        max(case when {{ condition }} then 1 else 0 end) as {{ name }}
        {%- endfor %}
        {%- for name, number in of_weeks.items() %},
        max(case when week_number = {{ number }} and is_core_action then 1 else 0 end) as {{ name }}
        {%- endfor %}
    from registrant_days
    group by product, person_key
),

registered as (
    select
        registrations.product as product,
        registrations.event_date as cohort_date,
        {{ week_start('registrations.event_date') }} as cohort_week,
        registrations.channel as channel,
        registrations.registered_at as registered_at
        {%- for name in (of_days | list) + (of_weeks | list) %},
        coalesce(returned.{{ name }}, 0) as {{ name }}
        {%- endfor %}
    from registrations
    left join returned on registrations.product = returned.product and registrations.person_key = returned.person_key
),

{% for cohort, cohort_start, names in [('day', 'cohort_date', of_days), ('week', 'cohort_week', of_weeks)] %}
{{ cohort }}s_of_channels as (
    select
        product,
        {{ cohort_start }},
        channel,
        count(*) as people,
        max(registered_at) as last_registered_at
        {%- for name in names %},
        sum({{ name }}) as {{ name }}
        {%- endfor %}
    from registered
    group by product, {{ cohort_start }}, channel
),

-- A person has one channel: people of all channels are all people.
{{ cohort }}_cohorts as (
    select * from {{ cohort }}s_of_channels
    union all
    select
        product,
        {{ cohort_start }},
        'all' as channel,
        sum(people) as people,
        max(last_registered_at) as last_registered_at
        {%- for name in names %},
        sum({{ name }}) as {{ name }}
        {%- endfor %}
    from {{ cohort }}s_of_channels
    group by product, {{ cohort_start }}
),
{% endfor %}
channels as (
    select distinct product, channel from registrations
    union all
    select distinct product, 'all' as channel from days
),

spread as (
    select
        days.product as product,
        days.date_day as date_day,
        channels.channel as channel,
        clock.as_of_date as as_of_date,
        clock.as_of_end_at as as_of_end_at,
        days.date_day as same_day,
        {{ plus_days('days.date_day', -1) }} as day_before,
        {{ plus_days('days.date_day', -7) }} as seven_days_before
        {%- for name, week in {'one_week_before': 7, 'four_weeks_before': 28}.items() %},
        {{ plus_days('days.return_week', -week) }} as {{ name }}
        {%- endfor %}
    from days
    inner join channels on days.product = channels.product
    inner join clock on days.product = clock.product
)

select
    spread.product as product,
    spread.date_day as date_day,
    spread.channel as channel
    {%- for cohort, names in cohorts.items() %},
    cast(coalesce({{ cohort }}.people, 0) as bigint) as registered_{{ cohort }}
    {%- for name in names %},
    cast(coalesce({{ cohort }}.{{ name }}, 0) as bigint) as retained_{{ name }}
    {%- endfor %}
    {%- for name in names %},
    {{ rate(cohort ~ '.' ~ name, cohort ~ '.people') }} as retention_{{ name }}
    {%- endfor %}
    {%- endfor %},
    {#- The window of the last who registered has ended. #}
    {%- for cohort, name, hours in [('day_before', 'day_1', 48), ('seven_days_before', 'day_7', 192)] %}
    coalesce({{ is_mature(cohort ~ '.last_registered_at', hours, 'spread.as_of_end_at') }}, true) as is_mature_{{ name }}_rolling_24h,
    {%- endfor %}
    {{ plus_days('spread.date_day', 13) }} <= spread.as_of_date as is_mature_week_1_rolling,
    {{ plus_days('spread.date_day', 28) }} <= spread.as_of_date as is_mature_week_4_rolling
from spread
{%- for cohort in ['same_day', 'day_before', 'seven_days_before'] %}
left join day_cohorts as {{ cohort }}
    on
        spread.product = {{ cohort }}.product
        and spread.channel = {{ cohort }}.channel
        and spread.{{ cohort }} = {{ cohort }}.cohort_date
{%- endfor %}
{%- for cohort in ['one_week_before', 'four_weeks_before'] %}
left join week_cohorts as {{ cohort }}
    on
        spread.product = {{ cohort }}.product
        and spread.channel = {{ cohort }}.channel
        and spread.{{ cohort }} = {{ cohort }}.cohort_week
{%- endfor %}
