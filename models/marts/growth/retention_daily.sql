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
    select
        *,
        {{ week_start('event_date') }} as cohort_week
    from {{ ref('registrations') }}
),

registrant_days as (
    select
        *,
        {{ week_start('cohort_date') }} as cohort_week
    from {{ ref('registrant_days') }}
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

registered as (
    select
        product,
        event_date as cohort_date,
        channel,
        count(*) as people,
        max(registered_at) as last_registered_at
    from registrations
    group by product, event_date, channel
),

returned as (
    select
        product,
        cohort_date,
        channel
        {%- for name, condition in of_days.items() %},
        count(distinct case when {{ condition }} then person_key end) as {{ name }}
        {%- endfor %}
    from registrant_days
    group by product, cohort_date, channel
),

of_channels as (
    select
        registered.product as product,
        registered.cohort_date as cohort_date,
        registered.channel as channel,
        registered.people,
        registered.last_registered_at
        {%- for name in of_days %},
        coalesce(returned.{{ name }}, 0) as {{ name }}
        {%- endfor %}
    from registered
    left join returned
        on
            registered.product = returned.product
            and registered.cohort_date = returned.cohort_date
            and registered.channel = returned.channel
),

-- A person has one channel: people of all channels are all people.
day_cohorts as (
    select * from of_channels
    union all
    select
        product,
        cohort_date,
        'all' as channel,
        sum(people) as people,
        max(last_registered_at) as last_registered_at
        {%- for name in of_days %},
        sum({{ name }}) as {{ name }}
        {%- endfor %}
    from of_channels
    group by product, cohort_date
),

registered_weeks as (
    select
        product,
        cohort_week,
        channel,
        count(*) as people
    from registrations
    group by product, cohort_week, channel
),

returned_weeks as (
    select
        product,
        cohort_week,
        channel
        {%- for name, number in of_weeks.items() %},
        count(distinct case when week_number = {{ number }} then person_key end) as {{ name }}
        {%- endfor %}
    from registrant_days
    where is_core_action
    group by product, cohort_week, channel
),

weeks_of_channels as (
    select
        registered_weeks.product as product,
        registered_weeks.cohort_week as cohort_week,
        registered_weeks.channel as channel,
        registered_weeks.people
        {%- for name in of_weeks %},
        coalesce(returned_weeks.{{ name }}, 0) as {{ name }}
        {%- endfor %}
    from registered_weeks
    left join returned_weeks
        on
            registered_weeks.product = returned_weeks.product
            and registered_weeks.cohort_week = returned_weeks.cohort_week
            and registered_weeks.channel = returned_weeks.channel
),

week_cohorts as (
    select * from weeks_of_channels
    union all
    select
        product,
        cohort_week,
        'all' as channel,
        sum(people) as people
        {%- for name in of_weeks %},
        sum({{ name }}) as {{ name }}
        {%- endfor %}
    from weeks_of_channels
    group by product, cohort_week
),

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
