-- One row per known prompt template and local day, whether or not anything happened: what happened in the windows that end with it.
{%- set windows = [7, 30] %}
{%- set events = ['executions', 'successes', 'failures'] %}
{%- set events_30d = ['executions_with_request', 'anonymous_executions'] %}
{%- set changing = [
    'people_7d', 'paid_executors_7d', 'people_30d', 'paid_executors_30d', 'net_paid_executors_30d', 'paid_executors_after_30d',
    'repeat_people_30d', 'repeat_day_people_30d', 'new_people_30d', 'matched_executions_30d', 'settled_executions_30d',
    'no_outcome_executions_30d',
] %}

with template_events as (
    select * from {{ ref('template_events') }}
),

changes as (
    select * from {{ ref('template_window_changes') }} where template_id <> '*'
),

days as (
    select * from {{ ref('product_days') }}
),

payments as (
    select event_key, amount_reporting_minor from {{ ref('payments') }} where kind = 'payment'
),

recorded_templates as (
    select distinct product, template_id from {{ ref('template_records') }} where template_id is not null
),

templates as (
    select product, template_id from recorded_templates
    union
    select product, template_id from template_events where template_id is not null
),

template_days as (
    select
        templates.product as product,
        templates.template_id as template_id,
        days.date_day as date_day,
        recorded_templates.template_id is null as is_orphan
    from templates
    inner join days on templates.product = days.product
    left join recorded_templates
        on templates.product = recorded_templates.product and templates.template_id = recorded_templates.template_id
),

event_days as (
    select
        product,
        template_id,
        event_date,
        {%- for measure, condition in {
            'executions': 'is_execute',
            'successes': 'is_success',
            'failures': 'is_failure',
            'executions_with_request': 'is_execute and task_id is not null',
            'anonymous_executions': 'is_execute and person_key is null',
        }.items() %}
        sum(case when {{ condition }} then 1 else 0 end) as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from template_events
    where template_id is not null
    group by product, template_id, event_date
),

payment_days as (
    select
        template_events.product,
        template_events.template_id,
        template_events.event_date,
        sum(payments.amount_reporting_minor) as revenue_minor,
        sum(case when payments.amount_reporting_minor is null then 1 else 0 end) as unpriced_payments
    from template_events
    inner join payments on template_events.event_key = payments.event_key
    where template_events.template_id is not null
    group by template_events.product, template_events.template_id, template_events.event_date
),

change_days as (
    select
        product,
        template_id,
        date_day
        {%- for measure in changing %},
        sum(case when measure = '{{ measure }}' then change else 0 end) as {{ measure }}
        {%- endfor %}
    from changes
    group by product, template_id, date_day
)

select
    template_days.product as product,
    template_days.template_id as template_id,
    template_days.date_day as date_day,
    template_days.is_orphan,
    max(case when event_days.executions > 0 then template_days.date_day end) over (
        partition by template_days.product, template_days.template_id order by template_days.date_day
    ) as last_executed_date
    {%- for window_days in windows %}
    {%- set frame = 'rows between ' ~ (window_days - 1) ~ ' preceding and current row' %}
    {%- for measure in events + (events_30d if window_days == 30 else []) %},
    cast(sum(coalesce(event_days.{{ measure }}, 0)) over (
        partition by template_days.product, template_days.template_id order by template_days.date_day {{ frame }}
    ) as bigint) as {{ measure }}_{{ window_days }}d
    {%- endfor %}
    {%- endfor %}
    {%- for measure in ['revenue_minor', 'unpriced_payments'] %},
    cast(sum(coalesce(payment_days.{{ measure }}, 0)) over (
        partition by template_days.product, template_days.template_id order by template_days.date_day
        rows between 6 preceding and current row
    ) as bigint) as {{ measure }}_7d
    {%- endfor %}
    {%- for measure in changing %},
    {{ running_total('change_days.' ~ measure, 'template_days.product, template_days.template_id', 'template_days.date_day') }} as {{ measure }}
    {%- endfor %}
from template_days
{%- for relation, day in {'event_days': 'event_date', 'payment_days': 'event_date', 'change_days': 'date_day'}.items() %}
left join {{ relation }}
    on
        template_days.product = {{ relation }}.product
        and template_days.template_id = {{ relation }}.template_id
        and template_days.date_day = {{ relation }}.{{ day }}
{%- endfor %}
