-- No alias leads to a name that is an alias itself: neither chains nor cycles of events, properties or values.
with links as (
    select
        'event' as kind,
        product,
        raw_event_name as sent,
        event_name as meant
    from {{ ref('plan_event_aliases') }}
    union all
    select
        'property' as kind,
        product,
        raw_property as sent,
        property as meant
    from {{ ref('plan_property_aliases') }}
    union all
    select
        'value' as kind,
        product || ' ' || property as product,
        raw_value as sent,
        value as meant
    from {{ ref('plan_value_aliases') }}
)

select distinct
    links.kind,
    links.product,
    links.sent,
    links.meant,
    further.meant as further_meant
from links
inner join links as further
    on links.kind = further.kind and links.product = further.product and links.meant = further.sent
