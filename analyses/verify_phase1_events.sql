-- Are the governance fields of phase 1 complete and in range on the latest day? One row per event and field that the
-- plan asks for. The same counts as the tests `<field>_complete_on_latest_day_*`, whose gates decide the verdict.
with latest as (
    {{ latest_event_dates() }}
),

rules as (
    select
        product,
        event_name,
        property
    from {{ ref('plan_event_rules') }}
    where
        property in ('policy_tag', 'action_required', 'escalation_level')
        and (is_required or required_when_property is not null)
),

checks as (
    select * from {{ ref('governance_checks') }}
),

gates as (
    select
        property,
        max_share,
        min_count
    from {{ ref('plan_gates') }}
    where rule = 'missing_required' and scope = 'latest_day' and property is not null
),

counted as (
    select
        rules.product,
        latest.event_date,
        rules.event_name,
        rules.property,
        count(checks.property) as received_lines,
        coalesce(sum(case when checks.is_required then 1 else 0 end), 0) as required_lines,
        coalesce(sum(case when checks.is_required and checks.is_present then 1 else 0 end), 0) as present_lines,
        coalesce(sum(case when checks.is_out_of_range then 1 else 0 end), 0) as out_of_range_lines
    from rules
    inner join latest on rules.product = latest.product
    left join checks
        on
            rules.product = checks.product
            and rules.event_name = checks.event_name
            and rules.property = checks.property
            and latest.event_date = checks.event_date
    group by rules.product, latest.event_date, rules.event_name, rules.property
)

select
    counted.product,
    counted.event_date,
    counted.event_name,
    counted.property,
    counted.received_lines,
    counted.required_lines,
    counted.required_lines - counted.present_lines as missing_lines,
    cast(counted.present_lines as {{ double_type() }}) / nullif(counted.required_lines, 0) as present_share,
    counted.out_of_range_lines,
    case
        when counted.received_lines = 0 then 'no_data'
        when
            counted.required_lines - counted.present_lines >= gates.min_count
            and counted.required_lines - counted.present_lines > gates.max_share * counted.required_lines
            then 'failed'
        when counted.required_lines > counted.present_lines or counted.out_of_range_lines > 0 then 'warning'
        else 'ok'
    end as verdict
from counted
inner join gates on counted.property = gates.property
order by counted.product, counted.event_name, counted.property
