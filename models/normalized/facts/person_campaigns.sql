-- One row per product and person who came through a campaign: the first one.
with events as (
    select * from {{ ref('journey_events') }} where person_key is not null and campaign is not null
),

numbered as (
    select
        product,
        person_key,
        campaign,
        occurred_at,
        row_number() over (partition by product, person_key order by {{ event_order('events') }}) as place
    from events
)

select
    product,
    person_key,
    campaign as campaign_id,
    occurred_at as known_at
from numbered
where place = 1
