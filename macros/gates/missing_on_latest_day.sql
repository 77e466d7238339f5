{# A test: properties that lines of the latest day lack although the plan asks for them, by product and event. Either one
   governance property, of which an empty value is there and an absent key is missing, or (without `property`) every property
   whose absence is an error. Any at all, or with a gate more than its share and count. #}
{% macro missing_on_latest_day(property=none, gate_key=none) -%}
with latest as (
    {{ latest_event_dates() }}
),

{% if property -%}
asked as (
    select
        checks.product,
        checks.event_name,
        checks.property,
        checks.event_date,
        case when checks.is_present then 0 else 1 end as is_missing
    from {{ ref('governance_checks') }} as checks
    inner join latest on checks.product = latest.product and checks.event_date = latest.event_date
    where checks.property = '{{ property }}' and checks.is_required
),
{%- else -%}
recent as (
    select
        {% for column in line_key() %}events.{{ column }},
        {% endfor -%}
        events.event_name,
        events.event_date
    from {{ ref('events') }} as events
    inner join latest on events.product = latest.product and events.event_date = latest.event_date
),

rules as (
    select product, event_name, property from {{ ref('plan_event_rules') }}
    where is_required and missing_severity = 'error'
),

lacking as (
    select {{ line_key() | join(', ') }}, property from {{ ref('event_violations') }}
    where rule = 'missing_required' and severity = 'error'
),

asked as (
    select
        recent.product as product,
        recent.event_name as event_name,
        rules.property as property,
        recent.event_date,
        case when lacking.property is null then 0 else 1 end as is_missing
    from recent
    inner join rules on recent.product = rules.product and recent.event_name = rules.event_name
    left join lacking on {{ same_line('recent', 'lacking') }} and rules.property = lacking.property
),
{%- endif %}

counted as (
    select
        product,
        event_name,
        property,
        event_date,
        count(*) as required_lines,
        sum(is_missing) as missing_lines
    from asked
    group by product, event_name, property, event_date
)

select counted.*
from counted
{% if gate_key -%}
inner join {{ ref('plan_gates') }} as gates on gates.gate_key = '{{ gate_key }}'
where
    counted.missing_lines >= gates.min_count
    and counted.missing_lines > gates.max_share * counted.required_lines
{%- else -%}
where counted.missing_lines > 0
{%- endif %}
{%- endmacro %}
