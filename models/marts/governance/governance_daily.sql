-- One row per product, local day, event and combination of governance values.
{%- set properties = ['policy_tag', 'action_required', 'escalation_level'] %}

with checks as (
    select * from {{ ref('governance_checks') }}
),

clock as (
    select product, as_of_date from {{ ref('reporting_clock') }}
),

lines as (
    select
        {% for column in line_key() %}checks.{{ column }},
        {% endfor -%}
        checks.event_date as date_day,
        checks.event_name,
        checks.is_accepted
        {%- for property in properties %},
        max(case when checks.property = '{{ property }}' and not checks.is_out_of_range then checks.sent_value end) as {{ property }},
        max(case when checks.property = '{{ property }}' and checks.is_required then 1 else 0 end) as {{ property }}_required,
        max(case when checks.property = '{{ property }}' and checks.is_required and checks.is_present then 1 else 0 end) as {{ property }}_present,
        max(case
            when checks.property = '{{ property }}' and checks.is_required and checks.sent_value is not null then 1 else 0
        end) as {{ property }}_non_null,
        max(case when checks.property = '{{ property }}' and checks.is_out_of_range then 1 else 0 end) as {{ property }}_out_of_range
        {%- endfor %}
    from checks
    inner join clock on checks.product = clock.product
    where checks.event_date <= clock.as_of_date
    group by {% for column in line_key() %}checks.{{ column }}, {% endfor %}checks.event_date, checks.event_name, checks.is_accepted
),

counted as (
    select
        product,
        date_day,
        event_name,
        policy_tag,
        action_required,
        escalation_level,
        count(*) as received_events,
        sum(case when is_accepted then 1 else 0 end) as accepted_events
        {%- for property in properties %},
        sum({{ property }}_required) as {{ property }}_required,
        sum({{ property }}_present) as {{ property }}_present,
        sum({{ property }}_non_null) as {{ property }}_non_null,
        sum({{ property }}_out_of_range) as {{ property }}_out_of_range
        {%- endfor %}
    from lines
    group by product, date_day, event_name, policy_tag, action_required, escalation_level
)

select
    {{ text_digest(
        "concat_ws('/', product, cast(date_day as " ~ dbt.type_string() ~ "), event_name, "
        ~ "coalesce(policy_tag, '-'), coalesce(action_required, '-'), coalesce(escalation_level, '-'))"
    ) }} as governance_key,
    product,
    date_day,
    event_name,
    policy_tag,
    action_required,
    escalation_level,
    cast(received_events as bigint) as received_events,
    cast(accepted_events as bigint) as accepted_events
    {%- for property in properties %},
    cast({{ property }}_required as bigint) as {{ property }}_required,
    cast({{ property }}_present as bigint) as {{ property }}_present,
    cast({{ property }}_non_null as bigint) as {{ property }}_non_null,
    cast({{ property }}_out_of_range as bigint) as {{ property }}_out_of_range,
    cast({{ property }}_non_null as double) / nullif({{ property }}_required, 0) as {{ property }}_non_null_rate
    {%- endfor %}
from counted
