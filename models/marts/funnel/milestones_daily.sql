-- One row per product, milestone and local day: people who reached the milestone on the day, and how long they took.
with milestones as (
    select * from {{ ref('milestones') }}
),

planned as (
    select distinct product, milestone from {{ ref('plan_milestones') }}
),

days as (
    select * from {{ ref('product_days') }}
)

select
    days.product as product,
    planned.milestone as milestone,
    days.date_day as date_day,
    cast(count(milestones.person_key) as bigint) as people,
    {%- for since in ['since_first', 'since_previous'] %}
    {{ percentile('milestones.' ~ since ~ '_sec', 0.5) }} as {{ since }}_median_sec,
    {{ percentile('milestones.' ~ since ~ '_sec', 0.9) }} as {{ since }}_p90_sec{{ '' if loop.last else ',' }}
    {%- endfor %}
from days
inner join planned on days.product = planned.product
left join milestones
    on
        planned.product = milestones.product
        and planned.milestone = milestones.milestone
        and days.date_day = milestones.event_date
group by days.product, planned.milestone, days.date_day
