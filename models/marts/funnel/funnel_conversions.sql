-- One row per funnel, cohort (day or week of entry; all, one channel or one campaign) and step: who reached it, and how fast.
{%- set max_steps = max_funnel_steps() %}

with journeys as (
    select * from {{ ref('funnel_journeys') }}
),

funnels as (
    select * from {{ ref('plan_funnels') }}
),

steps as (
    select funnel_key, step, description from {{ ref('plan_funnel_steps') }}
),

clock as (
    select product, as_of_date from {{ ref('reporting_clock') }}
),

reached as (
    {% for step in range(1, max_steps + 1) %}
    select
        funnel_key,
        event_date,
        channel,
        campaign_id,
        {{ step }} as step,
        {% if step == 1 %}cast(null as {{ double_type() }}){% else %}{{ seconds_between('at_' ~ (step - 1), 'at_' ~ step) }}{% endif %} as waited_sec
    from journeys
    where at_{{ step }} is not null
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

cohorts as (
    select 'day' as cohort_grain, 1 as days
    union all
    select 'week' as cohort_grain, 7 as days
),

sides as (
    select 'all' as side
    union all
    select 'channel' as side
    union all
    select 'campaign' as side
),

counted as (
    select
        reached.funnel_key as funnel_key,
        cohorts.cohort_grain as cohort_grain,
        case when cohorts.cohort_grain = 'day' then reached.event_date else {{ week_start('reached.event_date') }} end as cohort_date,
        case when sides.side = 'channel' then reached.channel else 'all' end as channel,
        case when sides.side = 'campaign' then reached.campaign_id else 'all' end as campaign_id,
        reached.step as step,
        reached.waited_sec as waited_sec
    from reached
    cross join cohorts
    cross join sides
),

cells as (
    select
        funnel_key,
        cohort_grain,
        cohort_date,
        channel,
        campaign_id,
        step,
        count(*) as people,
        {{ percentile('waited_sec', 0.5) }} as median_sec,
        {{ percentile('waited_sec', 0.9) }} as p90_sec
    from counted
    group by funnel_key, cohort_grain, cohort_date, channel, campaign_id, step
),

entrants as (
    select funnel_key, cohort_grain, cohort_date, channel, campaign_id, people as entrants from cells where step = 1
),

laid_out as (
    select
        {{ columns_of('entrants', ['funnel_key', 'cohort_grain', 'cohort_date', 'channel', 'campaign_id', 'entrants']) }},
        steps.step as step,
        steps.description as step_name,
        coalesce(cells.people, 0) as people,
        cells.median_sec as median_sec,
        cells.p90_sec as p90_sec
    from entrants
    inner join steps on entrants.funnel_key = steps.funnel_key
    left join cells
        on
            entrants.funnel_key = cells.funnel_key
            and entrants.cohort_grain = cells.cohort_grain
            and entrants.cohort_date = cells.cohort_date
            and entrants.channel = cells.channel
            and entrants.campaign_id = cells.campaign_id
            and steps.step = cells.step
),

compared as (
    select
        *,
        lag({{ nullable('people') }}) over (partition by funnel_key, cohort_grain, cohort_date, channel, campaign_id order by step) as previous_people
    from laid_out
),

judged as (
    select
        {{ columns_of('compared', [
            'funnel_key', 'cohort_grain', 'cohort_date', 'channel', 'campaign_id', 'step', 'step_name', 'people', 'previous_people',
            'entrants', 'median_sec', 'p90_sec',
        ]) }},
        funnels.product as product,
        {{ plus_days('compared.cohort_date', 'cohorts.days - 1 + funnels.window_days') }} <= clock.as_of_date as is_mature
    from compared
    inner join funnels on compared.funnel_key = funnels.funnel_key
    inner join cohorts on compared.cohort_grain = cohorts.cohort_grain
    inner join clock on funnels.product = clock.product
)

-- A window that is not over yet has no rate.
select
    funnel_key,
    product,
    cohort_grain,
    cohort_date,
    channel,
    campaign_id,
    cast(step as integer) as step,
    step_name,
    cast(people as bigint) as people,
    cast(previous_people as bigint) as previous_people,
    cast(entrants as bigint) as entrants,
    case when is_mature then {{ rate('people', 'previous_people') }} end as step_rate,
    case when is_mature then {{ rate('people', 'entrants') }} end as overall_rate,
    case when is_mature then median_sec end as median_sec,
    case when is_mature then p90_sec end as p90_sec,
    is_mature,
    {{ is_low_n('previous_people') }} as is_low_n
from judged
