-- One row: the build that made these marts.
with statuses as (
    select * from {{ ref('line_status') }}
),

clock as (
    select max(as_of_date) as as_of_date from {{ ref('reporting_clock') }}
),

counted as (
    select
        count(*) as received_lines,
        {%- for status in ['accepted', 'quarantined', 'duplicate', 'blank'] %}
        coalesce(sum(case when status = '{{ status }}' then 1 else 0 end), 0) as {{ status }}_lines{% if not loop.last %},{% endif %}
        {%- endfor %}
    from statuses
)

select
    '{{ env_var("PLUMBLINE_BUILD_ID", invocation_id) }}' as build_id,
    clock.as_of_date,
    cast('{{ env_var("PLUMBLINE_BUILT_AT", run_started_at.strftime("%Y-%m-%d %H:%M:%S")) }}' as {{ timestamp_type() }}) as built_at,
    '{{ invocation_id }}' as dbt_invocation_id,
    nullif('{{ env_var("PLUMBLINE_GIT_COMMIT", "") }}', '') as git_commit,
    cast(counted.received_lines as bigint) as received_lines,
    cast(counted.accepted_lines as bigint) as accepted_lines,
    cast(counted.quarantined_lines as bigint) as quarantined_lines,
    cast(counted.duplicate_lines as bigint) as duplicate_lines,
    cast(counted.blank_lines as bigint) as blank_lines
from counted
cross join clock
