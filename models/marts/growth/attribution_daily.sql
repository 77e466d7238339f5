-- One row per product, local day, dimension (channel, campaign, ad, ...) and value: registrations by first and by last touch.
{%- set dimensions = ['channel', 'campaign', 'adset', 'ad', 'creative', 'ad_angle', 'landing_variant'] %}

with touches as (
    select * from {{ ref('registration_touches') }}
),

named as (
    {%- for dimension in dimensions %}
    select
        product,
        event_date,
        touch,
        '{{ dimension }}' as dimension,
        {{ dimension }} as dimension_value
    from touches
    where {{ dimension }} is not null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select
    product,
    event_date as date_day,
    dimension,
    dimension_value,
    cast(sum(case when touch = 'first' then 1 else 0 end) as bigint) as first_touch_registrations,
    cast(sum(case when touch = 'last' then 1 else 0 end) as bigint) as last_touch_registrations
from named
group by product, event_date, dimension, dimension_value
