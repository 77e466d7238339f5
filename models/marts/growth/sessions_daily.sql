-- One row per product, local day and channel ever seen in the product: sessions that began, and how they agree with what was sent.
with sessions as (
    select * from {{ ref('sessions') }}
),

days as (
    select * from {{ ref('product_days') }}
),

channels as (
    select distinct product, channel from sessions
),

begun as (
    select
        product,
        event_date,
        channel,
        count(*) as sessions,
        count(distinct person_key) as people,
        sum(case when is_return then 1 else 0 end) as return_sessions,
        sum(case when is_sent_return then 1 else 0 end) as sent_return_sessions,
        sum(case when is_return and is_sent_return then 1 else 0 end) as agreed_return_sessions,
        sum(case when is_as_sent then 1 else 0 end) as sessions_as_sent,
        sum(case when sent_session_ids = 0 then 1 else 0 end) as sessions_without_sent_id
    from sessions
    group by product, event_date, channel
)

select
    days.product as product,
    days.date_day as date_day,
    channels.channel as channel
    {%- for column in ['sessions', 'people', 'return_sessions', 'sent_return_sessions', 'agreed_return_sessions',
                       'sessions_as_sent', 'sessions_without_sent_id'] %},
    cast(coalesce(begun.{{ column }}, 0) as bigint) as {{ column }}
    {%- endfor %}
from days
inner join channels on days.product = channels.product
left join begun on days.product = begun.product and days.date_day = begun.event_date and channels.channel = begun.channel
