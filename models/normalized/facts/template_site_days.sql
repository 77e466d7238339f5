-- One row per product that has prompt templates and local day: what all its templates are measured against.
{%- set changing = ['people_30d', 'paid_people_30d', 'seen_people_30d', 'paid_executors_30d'] %}

with records as (
    select * from {{ ref('template_records') }}
),

changes as (
    select * from {{ ref('template_window_changes') }} where template_id = '*'
),

days as (
    select * from {{ ref('product_days') }}
),

measured_products as (
    select distinct product from {{ ref('plan_metrics') }} where metric_key = 'completion_rate_30d'
),

-- The baseline is delivered as counts per day, so its windows are in user-days.
baseline_days as (
    select
        product,
        event_date,
        sum(baseline_users) as users,
        sum(baseline_paid_users) as paid_users,
        max(ltv_cents) as ltv_cents
    from records
    where canonical_event = 'baseline'
    group by product, event_date
),

gate_changes as (
    select
        product,
        event_date,
        status,
        row_number() over (partition by product, event_date order by occurred_at desc, event_key desc) as place
    from records
    where canonical_event = 'site_gate' and status is not null
),

-- A colour holds from the day on whose end it stands to the day before the next one.
gate_spans as (
    select
        product,
        status,
        event_date as first_day,
        lead({{ nullable('event_date') }}) over (partition by product order by event_date) as next_first_day
    from gate_changes
    where place = 1
),

change_days as (
    select
        product,
        date_day
        {%- for measure in changing %},
        sum(case when measure = '{{ measure }}' then change else 0 end) as {{ measure }}
        {%- endfor %}
    from changes
    group by product, date_day
),

people_windows as (
    select
        days.product as product,
        days.date_day as date_day
        {%- for measure in changing %},
        {{ running_total('change_days.' ~ measure, 'days.product', 'days.date_day') }} as {{ measure }}
        {%- endfor %}
    from days
    left join change_days on days.product = change_days.product and days.date_day = change_days.date_day
)

select
    days.product as product,
    days.date_day as date_day,
    {%- for window_days in [7, 30] %}
    {%- for column in ['users', 'paid_users'] %}
    cast(sum(baseline_days.{{ column }}) over (
        partition by days.product order by days.date_day rows between {{ window_days - 1 }} preceding and current row
    ) as bigint) as baseline_{{ column | replace('users', 'user_days') }}_{{ window_days }}d,
    {%- endfor %}
    {%- endfor %}
    cast(floor(max(baseline_days.ltv_cents) over (
        partition by days.product order by days.date_day rows between 6 preceding and current row
    ) + 0.5) as bigint) as ltv_cents_7d,
    people_windows.seen_people_30d - people_windows.people_30d as non_executing_people_30d,
    people_windows.paid_people_30d - people_windows.paid_executors_30d as paid_non_executing_people_30d,
    gate_spans.status as site_gate_color
from days
inner join measured_products on days.product = measured_products.product
left join baseline_days on days.product = baseline_days.product and days.date_day = baseline_days.event_date
inner join people_windows on days.product = people_windows.product and days.date_day = people_windows.date_day
left join gate_spans
    on
        days.product = gate_spans.product
        and days.date_day >= gate_spans.first_day
        and days.date_day < coalesce(gate_spans.next_first_day, {{ plus_days('days.date_day', 1) }})
