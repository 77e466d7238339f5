-- The layers that may send an event are values of the enum event_source.
with events as (
    select
        product,
        event_name,
        expected_source,
        '|' || expected_source || '|' as padded
    from {{ ref('plan_events') }}
    where expected_source is not null
),

sources as (
    select value from {{ ref('plan_enum_values') }}
    where enum_name = 'event_source'
),

counted as (
    select
        events.product,
        events.event_name,
        events.expected_source,
        length(events.expected_source) - length(replace(events.expected_source, '|', '')) + 1 as named_sources,
        count(case when replace(events.padded, '|' || sources.value || '|', '') <> events.padded then 1 end)
            as known_sources
    from events
    cross join sources
    group by events.product, events.event_name, events.expected_source
)

select * from counted
where known_sources <> named_sources
