-- One row per product, local day and segment value: recurring revenue at the day's begin and end, what moved it, and what
-- remains of the month's begin.
{%- set movements = ['new', 'expansion', 'contraction', 'churn', 'reactivation', 'fx'] %}
{%- set sums = ['end_minor', 'end_constant_minor', 'paying_customers'] %}
{%- set month_sums = ['net_retained_minor', 'gross_retained_minor', 'month_gained_minor', 'month_lost_minor'] %}
{%- set segments = 'segment_days.product, segment_days.segment, segment_days.segment_value' %}

with changes as (
    select * from {{ ref('mrr_changes') }} where segment <> 'currency'
),

customer_movements as (
    select * from {{ ref('customer_mrr_movements') }}
),

days as (
    select * from {{ ref('product_days') }}
),

products as (
    select distinct product from {{ ref('plan_subscription_events') }}
),

segment_values as (
    select distinct product, segment, segment_value from changes
    union
    select product, 'all' as segment, 'all' as segment_value from products
),

segment_days as (
    select
        days.product as product,
        days.date_day as date_day,
        cast({{ dbt.date_trunc('month', 'days.date_day') }} as {{ date_type() }}) as month,
        segment_values.segment as segment,
        segment_values.segment_value as segment_value
    from days
    inner join segment_values on days.product = segment_values.product
),

moved as (
    select
        product,
        segment,
        segment_value,
        date_day
        {%- for movement in movements %},
        sum(case when movement = '{{ movement }}' then amount_minor else 0 end) as {{ movement }}_minor
        {%- endfor %},
        sum(case when movement in ('new', 'expansion', 'reactivation') then amount_minor else 0 end) as month_gained_minor,
        sum(case when movement in ('contraction', 'churn') then -amount_minor else 0 end) as month_lost_minor
    from customer_movements
    group by product, segment, segment_value, date_day
),

changed as (
    select
        product,
        segment,
        segment_value,
        date_day,
        sum(closing_minor - opening_minor) as end_minor,
        sum(constant_closing_minor - constant_opening_minor) as end_constant_minor,
        sum(case
            when person_key is null or (opening_minor > 0) = (closing_minor > 0) then 0
            when closing_minor > 0 then 1
            else -1
        end) as paying_customers,
        -- Of those who were there when the month began, at one rate for all days; no one keeps more than the gross.
        sum(case when constant_month_start_minor > 0 then constant_closing_minor - constant_opening_minor else 0 end) as net_retained_minor,
        sum(
            least(constant_closing_minor, constant_month_start_minor) - least(constant_opening_minor, constant_month_start_minor)
        ) as gross_retained_minor
    from changes
    group by product, segment, segment_value, date_day
),

running as (
    select
        segment_days.product as product,
        segment_days.date_day as date_day,
        segment_days.month as month,
        segment_days.segment as segment,
        segment_days.segment_value as segment_value
        {%- for movement in movements %},
        coalesce(moved.{{ movement }}_minor, 0) as {{ movement }}_minor
        {%- endfor %}
        {%- for column in sums %},
        {{ running_total('changed.' ~ column, segments, 'segment_days.date_day') }} as {{ column }}
        {%- endfor %}
        {%- for column in month_sums %},
        {{ running_total(
            ('changed.' if 'retained' in column else 'moved.') ~ column, segments ~ ', segment_days.month', 'segment_days.date_day'
        ) }} as {{ column }}
        {%- endfor %},
        coalesce(changed.end_minor, 0) as change_minor,
        coalesce(changed.end_constant_minor, 0) as change_constant_minor
    from segment_days
    left join moved
        on
            segment_days.product = moved.product
            and segment_days.segment = moved.segment
            and segment_days.segment_value = moved.segment_value
            and segment_days.date_day = moved.date_day
    left join changed
        on
            segment_days.product = changed.product
            and segment_days.segment = changed.segment
            and segment_days.segment_value = changed.segment_value
            and segment_days.date_day = changed.date_day
),

begun as (
    select
        *,
        end_minor - change_minor as start_minor,
        first_value(end_constant_minor - change_constant_minor) over (
            partition by product, segment, segment_value, month order by date_day
        ) as month_start_constant_minor
    from running
)

select
    {{ text_digest("concat_ws('/', product, cast(date_day as " ~ dbt.type_string() ~ "), segment, segment_value)") }} as mrr_day_key,
    product,
    date_day,
    month,
    segment,
    segment_value,
    cast(start_minor as bigint) as start_minor
    {%- for movement in movements %},
    cast({{ movement }}_minor as bigint) as {{ movement }}_minor
    {%- endfor %},
    end_minor,
    end_constant_minor,
    paying_customers,
    cast(month_start_constant_minor as bigint) as month_start_constant_minor,
    cast(month_start_constant_minor + net_retained_minor as bigint) as net_retained_minor,
    cast(month_start_constant_minor + gross_retained_minor as bigint) as gross_retained_minor,
    month_gained_minor,
    month_lost_minor
from begun
