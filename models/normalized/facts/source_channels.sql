-- One row per source that events name (a utm_source, else the host of the referring page): the channel it belongs to.
with sources as (
    select distinct source from {{ ref('journey_events') }} where source is not null
),

channels as (
    select kind || '/' || raw_value as known_source, channel from {{ ref('ref_channels') }}
),

-- Of the hosts that the plan knows the most specific one counts.
matched as (
    select
        sources.source,
        channels.channel,
        row_number() over (partition by sources.source order by length(channels.known_source) desc) as closeness
    from sources
    cross join channels
    where
        lower(sources.source) = channels.known_source
        or (
            sources.source like 'referrer_host/%'
            and channels.known_source like 'referrer_host/%'
            and sources.source like '%.' || substr(channels.known_source, length('referrer_host/') + 1)
        )
)

select
    sources.source,
    coalesce(
        matched.channel,
        case when sources.source like 'utm_source/%' then substr(sources.source, length('utm_source/') + 1) else 'Referral' end
    ) as channel
from sources
left join matched on sources.source = matched.source and matched.closeness = 1
