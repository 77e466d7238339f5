-- One row per product, local day and currency of subscriptions: recurring revenue at the end of the day, in the currency
-- itself and in the reporting currency. Running sums over changes: the cost does not grow with how long people stay.
with periods as (
    select * from {{ ref('subscription_periods') }}
),

days as (
    select * from {{ ref('product_days') }}
),

changes as (
    select * from {{ ref('mrr_changes') }} where segment = 'currency'
),

currencies as (
    select * from {{ ref('ref_currencies') }}
),

rates as (
    select product, currency, min(first_month) as first_month
    from {{ ref('reporting_rates') }}
    group by product, currency
),

moved as (
    select
        product,
        segment_value as currency,
        date_day,
        sum(original_closing_minor - original_opening_minor) as mrr_minor,
        sum(closing_minor - opening_minor) as mrr_reporting_minor,
        sum(constant_closing_minor - constant_opening_minor) as mrr_constant_minor,
        sum(case
            when person_key is null or (original_opening_minor > 0) = (original_closing_minor > 0) then 0
            when original_closing_minor > 0 then 1
            else -1
        end) as paying_customers
    from changes
    group by product, segment_value, date_day
),

counted as (
    {% for day, sign in [('start_date', 1), ('end_date', -1)] %}
    select
        product,
        currency,
        {{ day }} as date_day,
        cast(sum({{ sign }}) as bigint) as active_subscriptions,
        cast(sum(case when annual_fee_minor is null then {{ sign }} else 0 end) as bigint) as unpriced_subscriptions
    from periods
    where is_paying and not is_same_day and {{ day }} is not null
    group by product, currency, {{ day }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

counts as (
    select
        product,
        currency,
        date_day,
        sum(active_subscriptions) as active_subscriptions,
        sum(unpriced_subscriptions) as unpriced_subscriptions
    from counted
    group by product, currency, date_day
),

seen as (
    select distinct product, currency from periods
),

currency_days as (
    select
        days.product as product,
        days.date_day as date_day,
        seen.currency as currency
    from days
    inner join seen on days.product = seen.product
),

running as (
    select
        currency_days.product as product,
        currency_days.date_day as date_day,
        currency_days.currency as currency
        {%- for relation, columns in {
            'moved': ['mrr_minor', 'mrr_reporting_minor', 'mrr_constant_minor', 'paying_customers'],
            'counts': ['active_subscriptions', 'unpriced_subscriptions'],
        }.items() %}
        {%- for column in columns %},
        {{ running_total(relation ~ '.' ~ column, 'currency_days.product, currency_days.currency', 'currency_days.date_day') }} as {{ column }}
        {%- endfor %}
        {%- endfor %}
    from currency_days
    left join moved
        on
            currency_days.product = moved.product
            and currency_days.currency = moved.currency
            and currency_days.date_day = moved.date_day
    left join counts
        on
            currency_days.product = counts.product
            and currency_days.currency = counts.currency
            and currency_days.date_day = counts.date_day
)

select
    running.product as product,
    running.date_day as date_day,
    running.currency as currency,
    cast(
        cast(running.mrr_minor as decimal(28, 0)) * cast(power(10, -currencies.minor_unit_exponent) as decimal(8, 4))
        as decimal(38, 6)
    ) as revenue_mrr,
    running.mrr_minor as mrr_minor,
    -- Without a rate the sum is not known; it is not zero.
    case when coalesce(rates.first_month <= running.date_day, false) then running.mrr_reporting_minor end as mrr_reporting_minor,
    case when rates.product is not null then running.mrr_constant_minor end as mrr_constant_minor,
    running.active_subscriptions as active_subscriptions,
    running.paying_customers as paying_customers,
    running.unpriced_subscriptions as unpriced_subscriptions,
    not coalesce(rates.first_month <= running.date_day, false) as is_rate_missing
from running
left join currencies on running.currency = currencies.currency
left join rates on running.product = rates.product and running.currency = rates.currency
