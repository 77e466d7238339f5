-- One row per metric, product, local day and segment value: recurring revenue, what moves it and what is retained.
with units as (
    select
        products.product as product,
        cast(power(10, currencies.minor_unit_exponent) as bigint) as minor_units
    from {{ ref('plan_products') }} as products
    inner join {{ ref('ref_currencies') }} as currencies on products.reporting_currency = currencies.currency
),

revenue as (
    select
        days.*,
        units.minor_units
    from {{ ref('mrr_movements_daily') }} as days
    inner join units on days.product = units.product
)

{{ tidy_metrics('revenue', {
    'revenue_mrr': [rate('end_minor', 'minor_units'), none, none],
    'revenue_mrr_constant_currency': [rate('end_constant_minor', 'minor_units'), none, none],
    'mrr_new': [rate('new_minor', 'minor_units'), none, none],
    'mrr_expansion': [rate('expansion_minor', 'minor_units'), none, none],
    'mrr_contraction': [rate('contraction_minor', 'minor_units'), none, none],
    'mrr_churn': [rate('churn_minor', 'minor_units'), none, none],
    'mrr_reactivation': [rate('reactivation_minor', 'minor_units'), none, none],
    'mrr_fx': [rate('fx_minor', 'minor_units'), none, none],
    'net_revenue_retention': [
        rate('net_retained_minor', 'minor_units'), rate('month_start_constant_minor', 'minor_units'),
        rate('net_retained_minor', 'month_start_constant_minor'),
    ],
    'gross_revenue_retention': [
        rate('gross_retained_minor', 'minor_units'), rate('month_start_constant_minor', 'minor_units'),
        rate('gross_retained_minor', 'month_start_constant_minor'),
    ],
    'mrr_quick_ratio': [
        rate('month_gained_minor', 'minor_units'), rate('month_lost_minor', 'minor_units'),
        rate('month_gained_minor', 'month_lost_minor'),
    ],
    'arpa': [rate('end_minor', 'minor_units'), 'paying_customers', rate('end_minor', 'paying_customers * minor_units')],
}, segment='segment', segment_value='segment_value') }}
