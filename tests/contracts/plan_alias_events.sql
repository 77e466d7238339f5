-- Every event alias leads to a whitelisted event, and a whitelisted name stands for another on a condition only.
with aliases as (
    select * from {{ ref('plan_event_aliases') }}
),

events as (
    select
        product,
        event_name
    from {{ ref('plan_events') }}
),

judged as (
    select
        aliases.product,
        aliases.raw_event_name,
        aliases.event_name,
        case
            when targets.event_name is null then 'leads to a name that is not whitelisted'
            when whitelisted.event_name is not null and aliases.when_property is null then 'renames a whitelisted name'
        end as fault
    from aliases
    left join events as targets
        on aliases.product = targets.product and aliases.event_name = targets.event_name
    left join events as whitelisted
        on aliases.product = whitelisted.product and aliases.raw_event_name = whitelisted.event_name
)

select * from judged
where fault is not null
