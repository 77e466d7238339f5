{# Received values of a governance property outside its enum: any at all, or (with a gate) more than the plan's share
   and count allow. #}
{% test governance_in_range(model, property, gate_key=none) %}
with received as (
    select
        product,
        event_name,
        count(*) as received_lines,
        sum(case when is_out_of_range then 1 else 0 end) as out_of_range_lines
    from {{ model }}
    where property = '{{ property }}'
    group by product, event_name
)

select received.*
from received
{% if gate_key %}
inner join {{ ref('plan_gates') }} as gates on gates.gate_key = '{{ gate_key }}'
where
    received.out_of_range_lines >= gates.min_count
    and received.out_of_range_lines > gates.max_share * received.received_lines
{% else %}
where received.out_of_range_lines > 0
{% endif %}
{% endtest %}
