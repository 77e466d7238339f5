-- One row per product, model and span of local days: what a token costs in the product's reporting currency.
with products as (
    select product, reporting_currency from {{ ref('plan_products') }}
),

currencies as (
    select currency, power(10, minor_unit_exponent) as minor_units_per_major from {{ ref('ref_currencies') }}
),

rates as (
    select
        product,
        currency,
        valid_from,
        coalesce(valid_until, cast('2299-12-31' as {{ date_type() }})) as valid_until,
        reporting_minor_per_minor
    from {{ ref('reporting_rates') }}
),

prices as (
    select
        *,
        coalesce(
            lead({{ nullable('valid_from') }}) over (partition by model order by valid_from),
            cast('2299-12-31' as {{ date_type() }})
        ) as valid_until
    from {{ ref('ref_token_prices') }}
)

select
    rates.product as product,
    prices.model as model,
    greatest(prices.valid_from, rates.valid_from) as valid_from,
    least(prices.valid_until, rates.valid_until) as valid_until,
    cast(prices.price_per_million_tokens as {{ double_type() }}) / 1000000
    * cast(rates.reporting_minor_per_minor as {{ double_type() }})
    * priced.minor_units_per_major / reporting.minor_units_per_major as cost_per_token
from prices
inner join rates on prices.currency = rates.currency
inner join products on rates.product = products.product
inner join currencies as priced on prices.currency = priced.currency
inner join currencies as reporting on products.reporting_currency = reporting.currency
where prices.valid_from < rates.valid_until and rates.valid_from < prices.valid_until
