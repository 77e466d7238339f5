-- One row per product, segment value, customer and local day on which the customer's recurring revenue changes: what it
-- was before and after. Between changes nothing is written, so that the cost follows changes and not days.
-- Amounts are exact and per year until the sum of a customer's day is known; its twelfth is rounded once.
{%- set amounts = ['original', 'terms', 'fx', 'constant', 'same_day'] %}
{%- set rounded = {
    'original_minor': 'annual_original',
    'closing_minor': 'annual_reporting',
    'revalued_minor': 'annual_reporting - annual_terms_change',
    'constant_minor': 'annual_constant',
    'same_day_minor': 'same_day',
} %}

with periods as (
    select
        *,
        cast(annual_fee_minor as decimal(28, 6)) as fee
    from {{ ref('subscription_periods') }}
    where is_paying and annual_fee_minor > 0
),

clock as (
    select
        product,
        as_of_date,
        {{ plus_days('as_of_date', 1) }} as end_of_time
    from {{ ref('reporting_clock') }}
),

-- A rate that another one of the same month replaces before the month begins never holds.
numbered_rates as (
    select
        product,
        currency,
        reporting_minor_per_minor as rate,
        first_month as from_month,
        row_number() over (partition by product, currency, first_month order by valid_from desc) as place
    from {{ ref('reporting_rates') }}
),

rates as (
    select
        numbered_rates.product as product,
        numbered_rates.currency as currency,
        numbered_rates.rate as rate,
        numbered_rates.from_month as from_month,
        lead({{ nullable('numbered_rates.from_month') }}) over (
            partition by numbered_rates.product, numbered_rates.currency order by numbered_rates.from_month
        ) as until_month,
        numbered_rates.rate - coalesce(lag({{ nullable('numbered_rates.rate') }}) over (
            partition by numbered_rates.product, numbered_rates.currency order by numbered_rates.from_month
        ), 0) as rate_change
    from numbered_rates
    inner join clock on numbered_rates.product = clock.product
    where numbered_rates.place = 1 and numbered_rates.from_month <= clock.as_of_date
),

-- The constant-currency variant holds every day at the rates of the reporting day.
latest_rates as (
    select product, currency, rate from rates where until_month is null
),

moments as (
    {% for day, sign, condition in [
        ('start_date', 1, 'not periods.is_same_day'),
        ('end_date', -1, 'not periods.is_same_day and periods.end_date < clock.end_of_time'),
        ('start_date', 1, 'periods.is_same_day'),
    ] %}
    select
        periods.product as product,
        periods.customer as customer,
        periods.person_key as person_key,
        periods.subscription_type as subscription_type,
        periods.currency as currency,
        periods.{{ day }} as date_day,
        {{ sign }} * periods.fee as fee,
        {{ 'true' if loop.last else 'false' }} as is_same_day
    from periods
    inner join clock on periods.product = clock.product
    where {{ condition }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

priced as (
    select
        moments.product as product,
        moments.customer as customer,
        moments.person_key as person_key,
        moments.subscription_type as subscription_type,
        moments.currency as currency,
        moments.date_day as date_day,
        case when moments.is_same_day then 0 else moments.fee end as original,
        case when moments.is_same_day then 0 else moments.fee * coalesce(rates.rate, 0) end as terms,
        moments.fee * 0 * coalesce(rates.rate, 0) as fx,
        case when moments.is_same_day then 0 else moments.fee * coalesce(latest_rates.rate, 0) end as constant,
        case when moments.is_same_day then moments.fee * coalesce(rates.rate, 0) else 0 end as same_day
    from moments
    left join rates
        on
            moments.product = rates.product
            and moments.currency = rates.currency
            and moments.date_day >= rates.from_month
            and moments.date_day < coalesce(rates.until_month, {{ plus_days('moments.date_day', 1) }})
    left join latest_rates on moments.product = latest_rates.product and moments.currency = latest_rates.currency
    union all
    -- A new rate moves what is in force when the month begins, also what ends on that day.
    select
        periods.product as product,
        periods.customer as customer,
        periods.person_key as person_key,
        periods.subscription_type as subscription_type,
        periods.currency as currency,
        rates.from_month as date_day,
        0 as original,
        0 as terms,
        periods.fee * rates.rate_change as fx,
        0 as constant,
        0 as same_day
    from periods
    inner join rates
        on
            periods.product = rates.product
            and periods.currency = rates.currency
            and periods.start_date < rates.from_month
            and coalesce(periods.end_date >= rates.from_month, true)
),

daily as (
    {% for segment, value in {'all': "'all'", 'subscription_type': 'subscription_type', 'currency': 'currency'}.items() %}
    select
        product,
        '{{ segment }}' as segment,
        {{ value }} as segment_value,
        customer,
        max(person_key) as person_key,
        date_day
        {%- for amount in amounts %},
        sum({{ amount }}) as {{ amount }}
        {%- endfor %}
    from priced
    group by product{% if segment != 'all' %}, {{ value }}{% endif %}, customer, date_day
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

running as (
    select
        product,
        segment,
        segment_value,
        customer,
        person_key,
        date_day,
        same_day,
        terms as annual_terms_change,
        sum(original) over (partition by product, segment, segment_value, customer order by date_day) as annual_original,
        sum(terms + fx) over (partition by product, segment, segment_value, customer order by date_day) as annual_reporting,
        sum(constant) over (partition by product, segment, segment_value, customer order by date_day) as annual_constant
    from daily
),

-- A twelfth, rounded half up.
closed as (
    select
        product,
        segment,
        segment_value,
        customer,
        person_key,
        date_day
        {%- for column, annual in rounded.items() %},
        cast(floor(({{ annual }} + 6) / 12) as bigint) as {{ column }}
        {%- endfor %}
    from running
),

opened as (
    select
        *,
        coalesce(lag({{ nullable('original_minor') }}) over (partition by product, segment, segment_value, customer order by date_day), 0) as original_opening_minor,
        coalesce(lag({{ nullable('closing_minor') }}) over (partition by product, segment, segment_value, customer order by date_day), 0) as opening_minor,
        coalesce(lag({{ nullable('constant_minor') }}) over (partition by product, segment, segment_value, customer order by date_day), 0) as constant_opening_minor,
        coalesce(max(case when closing_minor + same_day_minor > 0 then 1 end) over (
            partition by product, segment, segment_value, customer order by date_day rows between unbounded preceding and 1 preceding
        ), 0) = 1 as was_customer
    from closed
)

select
    product,
    segment,
    segment_value,
    customer,
    person_key,
    date_day,
    opening_minor,
    revalued_minor - opening_minor as fx_minor,
    closing_minor - revalued_minor as change_minor,
    closing_minor,
    same_day_minor,
    original_opening_minor,
    original_minor as original_closing_minor,
    constant_opening_minor,
    constant_minor as constant_closing_minor,
    first_value(constant_opening_minor) over (
        partition by product, segment, segment_value, customer, {{ dbt.date_trunc('month', 'date_day') }} order by date_day
    ) as constant_month_start_minor,
    was_customer
from opened
