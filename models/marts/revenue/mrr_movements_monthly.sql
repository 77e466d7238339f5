-- One row per product, local calendar month and segment value: recurring revenue at the month's begin and end, what moved
-- it and what was retained. The movements of a month are the sums of its days: a subscription that lived within the
-- month is in them.
{%- set movements = ['new', 'expansion', 'contraction', 'churn', 'reactivation', 'fx'] %}
{%- set lasts = ['end_minor', 'end_constant_minor', 'paying_customers', 'month_start_constant_minor', 'net_retained_minor',
                 'gross_retained_minor', 'month_gained_minor', 'month_lost_minor'] %}

with days as (
    select
        *,
        min(date_day) over (partition by product, segment, segment_value, month) as first_day,
        max(date_day) over (partition by product, segment, segment_value, month) as last_day
    from {{ ref('mrr_movements_daily') }}
),

clock as (
    select product, as_of_date from {{ ref('reporting_clock') }}
),

units as (
    select
        products.product as product,
        cast(power(10, currencies.minor_unit_exponent) as bigint) as minor_units_per_major
    from {{ ref('plan_products') }} as products
    inner join {{ ref('ref_currencies') }} as currencies on products.reporting_currency = currencies.currency
),

months as (
    select
        product,
        month,
        segment,
        segment_value,
        sum(case when date_day = first_day then start_minor else 0 end) as start_minor
        {%- for movement in movements %},
        sum({{ movement }}_minor) as {{ movement }}_minor
        {%- endfor %}
        {%- for column in lasts %},
        sum(case when date_day = last_day then {{ column }} else 0 end) as {{ column }}
        {%- endfor %}
    from days
    group by product, month, segment, segment_value
)

select
    {{ text_digest("concat_ws('/', months.product, cast(months.month as " ~ dbt.type_string() ~ "), months.segment, months.segment_value)") }} as mrr_month_key,
    months.product as product,
    months.month as month,
    months.segment as segment,
    months.segment_value as segment_value,
    cast(months.start_minor as bigint) as start_minor
    {%- for movement in movements %},
    cast(months.{{ movement }}_minor as bigint) as {{ movement }}_minor
    {%- endfor %}
    {%- for column in lasts[:-2] %},
    cast(months.{{ column }} as bigint) as {{ column }}
    {%- endfor %},
    {{ rate('months.net_retained_minor', 'months.month_start_constant_minor') }} as net_revenue_retention,
    {{ rate('months.gross_retained_minor', 'months.month_start_constant_minor') }} as gross_revenue_retention,
    {{ rate('months.month_gained_minor', 'months.month_lost_minor') }} as mrr_quick_ratio,
    {{ rate('months.end_minor', 'months.paying_customers * units.minor_units_per_major') }} as arpa,
    cast({{ dbt.date_trunc('month', plus_days('clock.as_of_date', 1)) }} as {{ date_type() }}) > months.month as is_complete
from months
inner join clock on months.product = clock.product
inner join units on months.product = units.product
