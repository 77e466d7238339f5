-- One row per funnel and actor that entered it: when the actor first entered, and first reached each step after it.
{%- set max_steps = max_funnel_steps() %}

with steps as (
    select * from {{ ref('funnel_events') }}
),

funnels as (
    select * from {{ ref('plan_funnels') }}
),

clock as (
    select product, as_of_end_at from {{ ref('reporting_clock') }}
),

sessions as (
    select * from {{ ref('sessions') }}
),

campaigns as (
    select * from {{ ref('person_campaigns') }}
),

entered as (
    select
        funnel_key,
        actor_key,
        min(person_key) as person_key,
        min(event_number) as number_1,
        min(occurred_at) as at_1,
        min(event_date) as event_date
    from steps
    where step = 1
    group by funnel_key, actor_key
),

reached_1 as (
    select
        {{ columns_of('entered', ['funnel_key', 'actor_key', 'person_key', 'event_date', 'number_1', 'at_1']) }},
        funnels.product as product,
        funnels.is_ordered as is_ordered,
        {{ plus_minutes('entered.at_1', 'cast(1440 * funnels.window_days as bigint)') }} as ends_at
    from entered
    inner join funnels on entered.funnel_key = funnels.funnel_key
),

{%- set carried = ['funnel_key', 'actor_key', 'person_key', 'event_date', 'product', 'is_ordered', 'ends_at', 'number_1', 'at_1'] %}
{%- for step in range(2, max_steps + 1) %}
{%- set before = 'reached_' ~ (step - 1) %}

-- In order a step follows the one before it; in any order it follows the entry, and the one before it was reached too.
reached_{{ step }} as (
    select
        {{ columns_of(before, carried) }},
        min(steps.event_number) as number_{{ step }},
        min(steps.occurred_at) as at_{{ step }}
    from {{ before }}
    left join steps
        on
            {{ before }}.funnel_key = steps.funnel_key
            and {{ before }}.actor_key = steps.actor_key
            and steps.step = {{ step }}
            and case
                when {{ before }}.is_ordered then {{ before }}.number_{{ step - 1 }}
                when {{ before }}.number_{{ step - 1 }} is not null then {{ before }}.number_1
            end < steps.event_number
            and {{ before }}.ends_at > steps.occurred_at
    group by {% for column in carried %}{{ before }}.{{ column }}{% if not loop.last %}, {% endif %}{% endfor %}
),
{%- do carried.extend(['number_' ~ step, 'at_' ~ step]) %}
{%- endfor %}

placed as (
    select
        {{ columns_of('reached_' ~ max_steps, carried) }},
        sessions.channel as session_channel,
        case when campaigns.known_at <= reached_{{ max_steps }}.at_1 then campaigns.campaign_id end as campaign_id
    from reached_{{ max_steps }}
    left join campaigns
        on
            reached_{{ max_steps }}.product = campaigns.product
            and reached_{{ max_steps }}.person_key = campaigns.person_key
    left join sessions
        on
            reached_{{ max_steps }}.product = sessions.product
            and reached_{{ max_steps }}.person_key = sessions.person_key
            and reached_{{ max_steps }}.at_1 >= sessions.started_at
            and reached_{{ max_steps }}.at_1 <= sessions.ended_at
)

select
    placed.funnel_key as funnel_key,
    placed.product as product,
    placed.actor_key as actor_key,
    placed.event_date as event_date,
    coalesce(placed.session_channel, 'unknown') as channel,
    coalesce(placed.campaign_id, 'none') as campaign_id,
    funnels.metric_key as metric_key,
    placed.ends_at <= clock.as_of_end_at as is_mature
    {%- for step in range(1, max_steps + 1) %},
    placed.at_{{ step }} as at_{{ step }}
    {%- endfor %}
from placed
inner join clock on placed.product = clock.product
inner join funnels on placed.funnel_key = funnels.funnel_key
