-- Recurring revenue three ways: what subscriptions say of the reporting day, what the movements of every customer add up
-- to, and what the days and months end with. To the cent.
with clock as (
    select product, as_of_date from {{ ref('reporting_clock') }}
),

rates as (
    select
        rates.product as product,
        rates.currency as currency,
        rates.reporting_minor_per_minor,
        row_number() over (partition by rates.product, rates.currency order by rates.valid_from desc) as place
    from {{ ref('reporting_rates') }} as rates
    inner join clock on rates.product = clock.product
    where rates.first_month <= clock.as_of_date
),

-- Not by changes: by looking at the last day alone.
snapshot as (
    select
        periods.product as product,
        periods.customer as customer,
        cast(floor((sum(cast(periods.annual_fee_minor as decimal(28, 6)) * rates.reporting_minor_per_minor) + 6) / 12) as bigint) as mrr_minor
    from {{ ref('subscription_periods') }} as periods
    inner join clock on periods.product = clock.product
    inner join rates on periods.product = rates.product and periods.currency = rates.currency and rates.place = 1
    where
        periods.is_paying
        and periods.start_date <= clock.as_of_date
        and coalesce(periods.end_date > clock.as_of_date, true)
    group by periods.product, periods.customer
),

movements as (
    select product, customer, sum(amount_minor) as mrr_minor
    from {{ ref('mrr_movements') }}
    group by product, customer
),

last_days as (
    select days.product as product, days.end_minor as end_minor
    from {{ ref('mrr_movements_daily') }} as days
    inner join clock on days.product = clock.product and days.date_day = clock.as_of_date
    where days.segment = 'all'
),

last_months as (
    select
        product,
        end_minor,
        row_number() over (partition by product order by month desc) as place
    from {{ ref('mrr_movements_monthly') }}
    where segment = 'all'
),

chained_days as (
    select
        product,
        segment,
        segment_value,
        start_minor,
        lag({{ nullable('end_minor') }}) over (partition by product, segment, segment_value order by date_day) as end_before
    from {{ ref('mrr_movements_daily') }}
),

chained_months as (
    select
        product,
        segment,
        segment_value,
        start_minor,
        lag({{ nullable('end_minor') }}) over (partition by product, segment, segment_value order by month) as end_before
    from {{ ref('mrr_movements_monthly') }}
),

sums as (
    select product, 'subscriptions' as source, sum(mrr_minor) as mrr_minor from snapshot
    group by product
    union all
    select product, 'movements' as source, sum(mrr_minor) as mrr_minor from movements
    group by product
    union all
    select product, 'last month' as source, end_minor as mrr_minor from last_months
    where place = 1
),

customers as (
    select product, customer, sum(of_snapshot) as of_snapshot, sum(of_movements) as of_movements
    from (
        select product, customer, mrr_minor as of_snapshot, 0 as of_movements from snapshot
        union all
        select product, customer, 0 as of_snapshot, mrr_minor as of_movements from movements
    ) as sides
    group by product, customer
)

select last_days.product as product, sums.source as fault, last_days.end_minor as expected_minor, sums.mrr_minor as found_minor
from last_days
inner join sums on last_days.product = sums.product
where last_days.end_minor <> sums.mrr_minor
union all
select product, 'customer ' || customer as fault, of_snapshot as expected_minor, of_movements as found_minor
from customers
where of_snapshot <> of_movements
union all
select product, 'day of ' || segment_value as fault, end_before as expected_minor, start_minor as found_minor
from chained_days
where coalesce(end_before, 0) <> start_minor
union all
select product, 'month of ' || segment_value as fault, end_before as expected_minor, start_minor as found_minor
from chained_months
where coalesce(end_before, 0) <> start_minor
