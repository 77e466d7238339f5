-- Ready to go live? One row per requirement and product.
-- S0-45: no name outside the whitelist was ever sent. S0-46: hardly any in the last 24 hours (the gate of the plan).
-- S0-47: one latest row for every known template; the four figures of the list are columns of it.
with coverage as (
    select * from {{ ref('tracking_plan_coverage') }}
),

distribution as (
    select * from {{ ref('event_name_distribution_24h') }}
),

templates as (
    select
        prompt_template_id,
        completion_rate_30d,
        reuse_rate_30d,
        delta_cr_30d,
        t_first_success_median_sec_30d
    from {{ ref('prompt_template_daily') }}
    where is_latest
),

known_templates as (
    select distinct events.template_id
    from {{ ref('events') }} as events
    inner join {{ ref('reporting_clock') }} as clock on events.product = clock.product
    where events.product = 'prompts' and events.template_id is not null and events.occurred_at < clock.as_of_end_at
),

gates as (
    select * from {{ ref('plan_gates') }}
    where gate_key = 'unknown_event_share'
),

named as (
    select
        product,
        sum(lines) as lines,
        sum(case when coverage = 'unplanned' then lines else 0 end) as unknown_lines
    from coverage
    group by product
),

recent as (
    select
        product,
        sum(lines) as lines,
        sum(case when is_planned then 0 else lines end) as unknown_lines
    from distribution
    group by product
),

latest_rows as (
    select
        known_templates.template_id,
        count(templates.prompt_template_id) as latest_rows
    from known_templates
    left join templates on known_templates.template_id = templates.prompt_template_id
    group by known_templates.template_id
),

verdicts as (
    select
        'S0-45' as requirement_id,
        product,
        lines,
        unknown_lines as faults,
        case when unknown_lines = 0 then 'ok' else 'warning' end as verdict
    from named
    where lines > 0
    union all
    select
        'S0-46' as requirement_id,
        recent.product,
        recent.lines,
        recent.unknown_lines as faults,
        case
            when
                recent.unknown_lines >= gates.min_count
                and recent.unknown_lines > gates.max_share * recent.lines
                then 'failed'
            when recent.unknown_lines > 0 then 'warning'
            else 'ok'
        end as verdict
    from recent
    cross join gates
    union all
    select
        'S0-47' as requirement_id,
        'prompts' as product,
        count(*) as lines,
        coalesce(sum(case when latest_rows = 1 then 0 else 1 end), 0) as faults,
        case when sum(case when latest_rows = 1 then 0 else 1 end) > 0 then 'failed' else 'ok' end as verdict
    from latest_rows
)

select * from verdicts
order by requirement_id, product
