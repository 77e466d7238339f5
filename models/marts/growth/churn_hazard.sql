-- One row per product, feature, band and week since the first activity: people who could lapse in the week, and who did.
{%- set features = ['jobs', 'failure_rate', 'processing_sec', 'days_since_last_job', 'credits_left', 'support_tickets'] %}

with weeks as (
    select * from {{ ref('person_weeks') }}
),

bands as (
    select * from {{ ref('plan_hazard_bands') }}
),

valued as (
    select product, week_number, is_lapsed, 'all' as feature, cast(null as {{ double_type() }}) as amount from weeks
    {%- for feature in features %}
    union all
    select product, week_number, is_lapsed, '{{ feature }}' as feature, cast({{ feature }} as {{ double_type() }}) as amount from weeks
    {%- endfor %}
),

banded as (
    select
        {{ columns_of('valued', ['product', 'week_number', 'is_lapsed', 'feature']) }},
        coalesce(bands.band, case when valued.feature = 'all' then 'all' else 'unknown' end) as band
    from valued
    left join bands
        on
            valued.feature = bands.feature
            and valued.amount >= bands.min_value
            and valued.amount < coalesce(bands.max_value, 1e308)
),

counted as (
    select
        product,
        feature,
        band,
        week_number,
        count(*) as people_at_risk,
        sum(case when is_lapsed then 1 else 0 end) as lapsed_people
    from banded
    group by product, feature, band, week_number
)

select
    product,
    feature,
    band,
    cast(week_number as integer) as week_number,
    cast(people_at_risk as bigint) as people_at_risk,
    cast(lapsed_people as bigint) as lapsed_people,
    {{ rate('lapsed_people', 'people_at_risk') }} as hazard_rate
from counted
