-- One row per product, currency and span of days: what a minor unit of the currency is worth in minor units of the
-- product's reporting currency. No row: there is no rate, and the money is not converted.
with products as (
    select product, reporting_currency from {{ ref('plan_products') }}
),

currencies as (
    select * from {{ ref('ref_currencies') }}
),

rates as (
    select
        base_currency,
        quote_currency,
        valid_from,
        lead({{ nullable('valid_from') }}) over (partition by base_currency, quote_currency order by valid_from) as valid_until,
        rate
    from {{ ref('ref_fx_rates') }}
    union all
    select distinct
        reporting_currency as base_currency,
        reporting_currency as quote_currency,
        cast('1900-01-01' as {{ date_type() }}) as valid_from,
        cast(null as {{ date_type() }}) as valid_until,
        cast(1 as decimal(18, 8)) as rate
    from products
)

select
    products.product as product,
    rates.base_currency as currency,
    rates.valid_from as valid_from,
    rates.valid_until as valid_until,
    -- Recurring revenue stands at the rate of the first day of its month: one that begins later waits for the next month.
    case
        when rates.valid_from = cast({{ dbt.date_trunc('month', 'rates.valid_from') }} as {{ date_type() }}) then rates.valid_from
        else cast({{ dbt.date_trunc('month', plus_days(
            'cast(' ~ dbt.date_trunc('month', 'rates.valid_from') ~ ' as ' ~ date_type() ~ ')', 31
        )) }} as {{ date_type() }})
    end as first_month,
    cast(rates.rate as decimal(18, 8))
    * cast(power(10, quoted.minor_unit_exponent - based.minor_unit_exponent) as decimal(8, 4)) as reporting_minor_per_minor
from rates
inner join products on rates.quote_currency = products.reporting_currency
inner join currencies as based on rates.base_currency = based.currency
inner join currencies as quoted on rates.quote_currency = quoted.currency
