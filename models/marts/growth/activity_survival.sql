-- One row per product and number of days since the first activity at which people lapse or leave observation: Kaplan-Meier.
-- Who has not lapsed by the reporting day is observed until then (right censored).
with people as (
    select * from {{ ref('first_lapses') }}
),

observed as (
    select
        product,
        {{ dbt.datediff('first_date', 'coalesce(lapsed_date, as_of_date)', 'day') }} as day_number,
        sum(case when lapsed_date is not null then 1 else 0 end) as lapsed_people,
        sum(case when lapsed_date is null then 1 else 0 end) as censored_people
    from people
    group by product, {{ dbt.datediff('first_date', 'coalesce(lapsed_date, as_of_date)', 'day') }}
),

at_risk as (
    select
        product,
        day_number,
        lapsed_people,
        censored_people,
        sum(lapsed_people + censored_people) over (
            partition by product order by day_number desc rows between unbounded preceding and current row
        ) as people_at_risk
    from observed
)

select
    product,
    cast(day_number as integer) as day_number,
    cast(people_at_risk as bigint) as people_at_risk,
    cast(lapsed_people as bigint) as lapsed_people,
    cast(censored_people as bigint) as censored_people,
    -- The product of the shares that stay; a day on which all lapse ends it, and has no logarithm.
    case
        when
            max(case when lapsed_people = people_at_risk then 1 else 0 end) over (
                partition by product order by day_number rows between unbounded preceding and current row
            ) = 1
            then cast(0 as {{ double_type() }})
        else exp(sum(
            case when lapsed_people < people_at_risk then ln(1 - {{ rate('lapsed_people', 'people_at_risk') }}) else 0 end
        ) over (partition by product order by day_number rows between unbounded preceding and current row))
    end as survival_rate
from at_risk
