-- The bands of every feature hold everybody of the week, once; who did not lapse in a week, and no more, is at risk in the next.
with features as (
    select
        product,
        feature,
        week_number,
        sum(people_at_risk) as people_at_risk,
        sum(lapsed_people) as lapsed_people
    from {{ ref('churn_hazard') }}
    group by product, feature, week_number
),

everybody as (
    select
        *,
        lag({{ nullable('people_at_risk - lapsed_people') }}) over (partition by product order by week_number) as stayed_people
    from features
    where feature = 'all'
)

select
    features.product as product,
    features.feature as feature,
    features.week_number as week_number
from features
inner join everybody on features.product = everybody.product and features.week_number = everybody.week_number
where
    features.people_at_risk <> everybody.people_at_risk
    or features.lapsed_people <> everybody.lapsed_people
    or everybody.people_at_risk > everybody.stayed_people
