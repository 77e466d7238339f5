-- One row per metric, product, local day and segment value: people who stop.
with activity as (
    select * from {{ ref('activity_churn_daily') }}
),

packs as (
    select * from {{ ref('credit_pack_churn_daily') }}
),

subscriptions as (
    select * from {{ ref('subscription_churn_monthly') }} where is_complete
),

subscribing_products as (
    select distinct product from {{ ref('plan_subscription_events') }}
),

days as (
    select * from {{ ref('product_days') }}
),

kinds as (
    select 'all' as segment, 'all' as segment_value
    union all
    select 'voluntary' as segment, 'voluntary' as segment_value
    union all
    select 'voluntary' as segment, 'involuntary' as segment_value
),

-- Every day says the latest month that has ended by it.
monthly as (
    select
        days.product as product,
        days.date_day as date_day,
        kinds.segment as segment_kind,
        kinds.segment_value as segment_value,
        subscriptions.active_at_start as active_at_start,
        subscriptions.canceled_subscriptions as canceled_subscriptions,
        case kinds.segment_value
            when 'voluntary' then subscriptions.voluntary_customers
            when 'involuntary' then subscriptions.involuntary_customers
            else subscriptions.churned_customers
        end as churned_customers
    from days
    inner join subscribing_products on days.product = subscribing_products.product
    cross join kinds
    left join subscriptions
        on
            days.product = subscriptions.product
            and subscriptions.month = cast({{ dbt.date_trunc('month', plus_days(
                'cast(' ~ dbt.date_trunc('month', plus_days('days.date_day', 1)) ~ ' as ' ~ date_type() ~ ')', -1
            )) }} as {{ date_type() }})
),

monthly_totals as (
    select * from monthly where segment_kind = 'all'
)

{{ tidy_metrics('activity', {
    'churn_rate_30d': ['lapsed_people', 'ever_active_people', 'churn_rate_30d'],
    'churn_rate_30d_active_base': ['base_lapsed_people', 'base_people', 'churn_rate_30d_active_base'],
}) }}
union all
{{ tidy_metrics('monthly', {
    'subscription_churn_rate': ['churned_customers', 'active_at_start', rate('churned_customers', 'active_at_start')],
}, segment='segment_kind', segment_value='segment_value') }}
union all
{{ tidy_metrics('monthly_totals', {
    'subscription_cancel_ratio': ['canceled_subscriptions', 'active_at_start', rate('canceled_subscriptions', 'active_at_start')],
}) }}
{%- for horizon in ['30d', '60d', '90d'] %}
union all
{{ tidy_metrics('packs', {
    'credit_pack_churn_' ~ horizon: ['away_buyers_' ~ horizon, 'buyers_' ~ horizon, 'credit_pack_churn_' ~ horizon],
    'credit_pack_churn_' ~ horizon ~ '_or_idle': [
        'away_or_idle_buyers_' ~ horizon, 'buyers_' ~ horizon, 'credit_pack_churn_' ~ horizon ~ '_or_idle'
    ],
}) }}
{%- endfor %}
