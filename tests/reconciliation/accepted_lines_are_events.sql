-- Every accepted line is one event, and every event is an accepted line.
with accepted as (
    select {{ line_key() | join(', ') }} from {{ ref('line_status') }}
    where status = 'accepted'
),

events as (
    select {{ line_key() | join(', ') }} from {{ ref('events') }}
),

sides as (
    select
        {{ line_key() | join(', ') }},
        1 as accepted_rows,
        0 as event_rows
    from accepted
    union all
    select
        {{ line_key() | join(', ') }},
        0 as accepted_rows,
        1 as event_rows
    from events
)

select
    {{ line_key() | join(', ') }},
    sum(accepted_rows) as accepted_rows,
    sum(event_rows) as event_rows
from sides
group by {{ line_key() | join(', ') }}
having sum(accepted_rows) <> 1 or sum(event_rows) <> 1
