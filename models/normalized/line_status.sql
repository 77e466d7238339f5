-- One row per landed line: the one status it ends in, and why.
with landed as (
    select {{ line_key() | join(', ') }} from {{ ref('landed_lines') }}
),

reasons as (
    select * from {{ ref('plan_reasons') }}
),

given as (
    select * from {{ ref('rejected_lines') }}
    union all
    select * from {{ ref('duplicate_lines') }}
),

ranked as (
    select
        {% for column in line_key() %}given.{{ column }},
        {% endfor -%}
        given.reason,
        reasons.status,
        reasons.priority,
        row_number() over (
            partition by {% for column in line_key() %}given.{{ column }}{% if not loop.last %}, {% endif %}{% endfor %}
            order by reasons.priority
        ) as position
    from given
    inner join reasons on given.reason = reasons.reason
),

collected as (
    select
        {{ line_key() | join(', ') }},
        max(case when position = 1 then status end) as status,
        max(case when position = 1 then reason end) as reason,
        {{ sorted_list('reason', 'priority') }} as reasons
    from ranked
    group by {{ line_key() | join(', ') }}
)

select
    {% for column in line_key() %}landed.{{ column }},
    {% endfor -%}
    coalesce(collected.status, 'accepted') as status,
    collected.reason as reason,
    collected.reasons
from landed
left join collected on {{ same_line('landed', 'collected') }}
