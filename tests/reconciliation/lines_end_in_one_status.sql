-- Every landed line has one status, and every status speaks of a landed line.
with landed as (
    select {{ line_key() | join(', ') }} from {{ ref('landed_lines') }}
),

statuses as (
    select {{ line_key() | join(', ') }} from {{ ref('line_status') }}
),

sides as (
    select
        {{ line_key() | join(', ') }},
        1 as landed_rows,
        0 as status_rows
    from landed
    union all
    select
        {{ line_key() | join(', ') }},
        0 as landed_rows,
        1 as status_rows
    from statuses
)

select
    {{ line_key() | join(', ') }},
    sum(landed_rows) as landed_rows,
    sum(status_rows) as status_rows
from sides
group by {{ line_key() | join(', ') }}
having sum(landed_rows) <> 1 or sum(status_rows) <> 1
