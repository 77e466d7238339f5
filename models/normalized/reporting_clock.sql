-- One row per product: the last local day that marts describe, and where that day begins and ends in UTC.
-- Which day is asked for stands in the environment: another var would make dbt parse the whole project anew.
{%- set asked_day = var('as_of_date') or env_var('PLUMBLINE_AS_OF', '') %}

with products as (
    select * from {{ ref('plan_products') }}
),

-- Not from `events`, which asks this clock whose they are.
named as (
    select
        {{ line_key() | join(', ') }},
        cast({{ plus_minutes('occurred_at', 'utc_offset_minutes') }} as {{ date_type() }}) as event_date,
        occurred_at,
        received_at,
        time_kind
    from {{ ref('named_events') }}
),

left_out as (
    select {{ line_key() | join(', ') }} from {{ ref('line_status') }} where status <> 'accepted'
),

events as (
    select {{ columns_of('named', ['product', 'event_date', 'occurred_at', 'received_at', 'time_kind']) }}
    from named
    left join left_out on {{ same_line('named', 'left_out') }}
    where left_out.product is null
),

bounds as (
    select
        product,
        min(event_date) as first_event_date,
        -- The day of the latest event is still running; a date without a time stands for a whole day.
        max(case when time_kind <> 'date' and occurred_at <> received_at then event_date end) as last_running_date,
        max(case when time_kind = 'date' then event_date end) as last_whole_date
    from events
    group by product
),

as_of as (
    select
        {% if asked_day -%}
        cast('{{ asked_day }}' as {{ date_type() }}) as as_of_date
        {%- else -%}
        cast(greatest(
            coalesce(max(last_running_date) - interval '1 day', max(last_whole_date)),
            coalesce(max(last_whole_date), max(last_running_date) - interval '1 day')
        ) as {{ date_type() }}) as as_of_date
    from bounds
        {%- endif %}
),

clocked as (
    select
        products.product as product,
        products.utc_offset_minutes,
        bounds.first_event_date,
        as_of.as_of_date,
        {{ plus_minutes('cast(as_of.as_of_date as ' ~ timestamp_type() ~ ')', '1440 - products.utc_offset_minutes') }} as as_of_end_at
    from products
    cross join as_of
    left join bounds on products.product = bounds.product
)

select * from clocked
