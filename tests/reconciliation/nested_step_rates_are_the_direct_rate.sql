-- The product of a cohort's step rates is its overall rate, exactly: each step is counted of the people of the step before
-- it, so that in the product all but the first and the last cancel (S4-22, with the click and without).
with steps as (
    select * from {{ ref('funnel_conversions') }}
),

chained as (
    select
        steps.funnel_key as funnel_key,
        steps.cohort_grain as cohort_grain,
        steps.cohort_date as cohort_date,
        steps.channel as channel,
        steps.campaign_id as campaign_id,
        steps.step as step,
        steps.previous_people as previous_people,
        steps.entrants as entrants,
        steps.people as people,
        steps.step_rate as step_rate,
        steps.overall_rate as overall_rate,
        previous.people as people_before,
        previous.overall_rate as overall_rate_before
    from steps
    left join steps as previous
        on
            steps.funnel_key = previous.funnel_key
            and steps.cohort_grain = previous.cohort_grain
            and steps.cohort_date = previous.cohort_date
            and steps.channel = previous.channel
            and steps.campaign_id = previous.campaign_id
            and steps.step - 1 = previous.step
)

select *
from chained
where
    case
        when step = 1 then people <> entrants or previous_people is not null
        else coalesce(previous_people <> people_before, true)
    end
    or coalesce(abs(step_rate * overall_rate_before - overall_rate) > 1e-12, false)
