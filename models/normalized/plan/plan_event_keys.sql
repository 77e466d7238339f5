-- One row per product and event: where the parts of its natural key stand in a record.
with events as (
    select * from {{ ref('plan_events') }}
),

locations as (
    select product, event_name, property, location from {{ ref('plan_event_rules') }}
),

cut as (
    select
        product,
        event_name,
        {{ split_list('natural_key', '+') }} as parts
    from events
),

parts as (
    {% for position in range(1, 5) %}
    select
        product,
        event_name,
        {{ position }} as position,
        replace(parts[{{ position }}], '?', '') as property,
        parts[{{ position }}] like '%?' as may_be_missing
    from cut
    where {{ list_size('parts') }} >= {{ position }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

located as (
    select
        parts.product,
        parts.event_name,
        parts.position,
        parts.property,
        parts.may_be_missing,
        coalesce(locations.location, 'props') as location
    from parts
    left join locations
        on
            parts.product = locations.product
            and parts.event_name = locations.event_name
            and parts.property = locations.property
)

select
    events.product,
    events.event_name,
    count(located.position) as key_parts
    {%- for position in range(1, 5) %},
    max(case when located.position = {{ position }} then located.property end) as key_{{ position }},
    max(case when located.position = {{ position }} then located.location end) as key_{{ position }}_location,
    max(case when located.position = {{ position }} and located.may_be_missing then 1 else 0 end) = 1 as key_{{ position }}_may_be_missing
    {%- endfor %}
from events
left join located on events.product = located.product and events.event_name = located.event_name
group by events.product, events.event_name
