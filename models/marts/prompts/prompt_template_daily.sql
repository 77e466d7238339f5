-- One row per prompt template and local day, whether or not anything happened: windows that end with it, gates, and why.
{%- set counts = [
    'executions_30d', 'successes_30d', 'failures_30d', 'executions_with_request_30d', 'matched_executions_30d',
    'settled_executions_30d', 'no_outcome_executions_30d', 'anonymous_executions_30d', 'people_30d', 'new_people_30d',
    'repeat_people_30d', 'repeat_day_people_30d',
    'executions_7d', 'successes_7d', 'failures_7d', 'people_7d', 'revenue_minor_7d', 'unpriced_payments_7d',
] %}
{#- People who executed the template and paid. -#}
{%- set payers = {
    'paid_people_30d': 'paid_executors_30d', 'net_paid_people_30d': 'net_paid_executors_30d',
    'paid_people_after_30d': 'paid_executors_after_30d', 'paid_people_7d': 'paid_executors_7d',
} %}
{%- set site = [
    'baseline_user_days_30d', 'baseline_paid_user_days_30d', 'baseline_user_days_7d', 'baseline_paid_user_days_7d',
    'non_executing_people_30d', 'paid_non_executing_people_30d', 'ltv_cents_7d', 'site_gate_color',
] %}
{%- set first_success_times = [
    't_first_success_median_sec_30d', 't_first_success_mean_sec_30d', 't_first_success_p90_sec_30d',
    't_first_success_first_ever_median_sec_30d', 't_first_success_matched_median_sec_30d',
] %}
{#- The two shares that delta_cr_30d_distinct compares: who paid, of whom. -#}
{%- set compared_shares = {
    'executing': ('paid_people_30d', 'people_30d'),
    'idle': ('paid_non_executing_people_30d', 'non_executing_people_30d'),
} %}
{%- set usage_weight = '(1 - ' ~ plan_setting('gate_score_success_weight') ~ ')' %}

with windows as (
    select * from {{ ref('template_windows') }}
),

first_successes as (
    select * from {{ ref('template_first_successes') }}
),

site_days as (
    select * from {{ ref('template_site_days') }}
),

clock as (
    select product, as_of_date from {{ ref('reporting_clock') }}
),

-- Executions that reach the gate's percentile of all templates, as a whole number. Each of the two templates beside its
-- place counts by its nearness to it: linear interpolation with a percentile that the plan decides.
placed as (
    select
        product,
        date_day,
        executions_7d,
        row_number() over (partition by product, date_day order by executions_7d) - 1 as place,
        (count(*) over (partition by product, date_day) - 1) * {{ plan_setting('gate_pass_usage_percentile') }} as wanted_place
    from windows
),

usage_bars as (
    select
        product,
        date_day,
        cast(ceil(round(sum(executions_7d * greatest(1 - abs(place - wanted_place), 0)), 6)) as bigint) as gate_pass_executions_7d
    from placed
    group by product, date_day
),

rated as (
    select
        windows.product as product,
        windows.template_id as prompt_template_id,
        windows.date_day as date_day,
        {{ columns_of('windows', counts) }},
        {%- for column, measure in payers.items() %}
        windows.{{ measure }} as {{ column }},
        {%- endfor %}
        coalesce(first_successes.people_with_success_30d, 0) as people_with_success_30d,
        coalesce(first_successes.new_people_with_success_30d, 0) as new_people_with_success_30d,
        coalesce(first_successes.people_with_matched_success_30d, 0) as people_with_matched_success_30d,
        {{ columns_of('site_days', site) }},
        {{ dbt.datediff('windows.last_executed_date', 'windows.date_day', 'day') }} as days_since_execution,
        usage_bars.gate_pass_executions_7d,
        {{ rate('windows.successes_30d', 'windows.executions_30d') }} as completion_rate_30d,
        {{ rate('windows.matched_executions_30d', 'windows.executions_with_request_30d') }} as completion_rate_matched_30d,
        {{ rate('windows.no_outcome_executions_30d', 'windows.settled_executions_30d') }} as no_outcome_share_30d,
        {{ rate('windows.repeat_people_30d', 'windows.people_30d') }} as reuse_rate_30d,
        {{ rate('windows.repeat_day_people_30d', 'windows.people_30d') }} as reuse_rate_days_30d,
        {{ rate('windows.paid_executors_30d', 'windows.people_30d') }}
        - {{ rate('site_days.baseline_paid_user_days_30d', 'site_days.baseline_user_days_30d') }} as delta_cr_30d,
        {{ rate('windows.paid_executors_30d', 'windows.people_30d') }}
        - {{ rate('site_days.paid_non_executing_people_30d', 'site_days.non_executing_people_30d') }} as delta_cr_30d_distinct,
        {{ rate('windows.paid_executors_after_30d', 'windows.people_30d') }}
        - {{ rate('site_days.baseline_paid_user_days_30d', 'site_days.baseline_user_days_30d') }} as delta_cr_30d_after,
        {{ columns_of('first_successes', first_success_times) }},
        {{ rate('windows.anonymous_executions_30d', 'windows.executions_30d') }} as anon_execution_share_30d,
        {{ rate('windows.successes_7d', 'windows.executions_7d') }} as success_rate_7d,
        {{ rate('windows.paid_executors_7d', 'windows.people_7d') }}
        - {{ rate('site_days.baseline_paid_user_days_7d', 'site_days.baseline_user_days_7d') }} as delta_cr_7d,
        windows.is_orphan
    from windows
    inner join site_days on windows.product = site_days.product and windows.date_day = site_days.date_day
    inner join usage_bars on windows.product = usage_bars.product and windows.date_day = usage_bars.date_day
    left join first_successes
        on
            windows.product = first_successes.product
            and windows.template_id = first_successes.template_id
            and windows.date_day = first_successes.date_day
),

-- A condition on a rate that is NULL is NULL: neither met nor failed. The score is rounded so that engines agree on its edges.
judged as (
    select
        *,
        round(
            {{ plan_setting('gate_score_success_weight') }} * success_rate_7d
            + {{ usage_weight }} * least(1, ln(executions_7d + 1) / ln({{ plan_setting('gate_score_usage_cap') }} + 1)),
            9
        ) as gate_score_7d,
        completion_rate_30d < {{ plan_setting('ltv_red_completion_rate') }} as is_completion_red,
        case
            when people_30d = 0 then null
            else coalesce(t_first_success_median_sec_30d > {{ plan_setting('ltv_red_first_success_sec') }}, true)
        end as is_first_success_red,
        reuse_rate_30d < {{ plan_setting('ltv_red_reuse_rate') }} as is_reuse_red,
        delta_cr_30d < {{ plan_setting('ltv_red_delta_cr') }} as is_delta_cr_red,
        completion_rate_30d >= {{ plan_setting('ltv_green_completion_rate') }} as is_completion_green,
        t_first_success_median_sec_30d <= {{ plan_setting('ltv_green_first_success_sec') }} as is_first_success_green,
        reuse_rate_30d >= {{ plan_setting('ltv_green_reuse_rate') }} as is_reuse_green,
        delta_cr_30d > {{ plan_setting('ltv_green_delta_cr') }} as is_delta_cr_green,
        executions_7d >= gate_pass_executions_7d as is_usage_passed,
        success_rate_7d >= {{ plan_setting('gate_pass_success_rate') }} as is_success_rate_passed,
        delta_cr_7d > {{ plan_setting('gate_pass_delta_cr') }} as is_delta_cr_passed,
        failures_7d <= {{ plan_setting('gate_pass_failures') }} as is_failures_passed,
        site_gate_color = 'GREEN' as is_site_gate_passed
        {%- for share, (payers, everybody) in compared_shares.items() %},
        {{ rate(payers, everybody) }} as {{ share }}_paid_rate,
        {{ wilson_bound(payers, everybody, 'low') }} as {{ share }}_low,
        {{ wilson_bound(payers, everybody, 'high') }} as {{ share }}_high
        {%- endfor %}
    from rated
),

-- The first rule that applies decides, and its key says why.
ruled as (
    select
        *,
        case
            when is_completion_red then 'red_completion_rate'
            when is_first_success_red and t_first_success_median_sec_30d is null then 'red_no_first_success'
            when is_first_success_red then 'red_first_success'
            when is_reuse_red then 'red_reuse_rate'
            when is_delta_cr_red then 'red_delta_cr'
            when completion_rate_30d is null then 'no_executions'
            when people_30d = 0 then 'no_people'
            when delta_cr_30d is null then 'no_baseline'
            when not is_completion_green then 'yellow_completion_rate'
            when not is_first_success_green then 'yellow_first_success'
            when not is_reuse_green then 'yellow_reuse_rate'
            when not is_delta_cr_green then 'yellow_delta_cr'
            else 'green'
        end as ltv_gate_rule,
        -- The origin takes a rate that is NULL for 0, and no first success for too slow.
        case
            when
                coalesce(is_completion_red, true) or coalesce(is_first_success_red, true) or coalesce(is_reuse_red, true)
                or coalesce(delta_cr_30d, 0) < {{ plan_setting('ltv_red_delta_cr') }}
                then 'RED'
            when
                is_completion_green and is_first_success_green and is_reuse_green
                and coalesce(delta_cr_30d, 0) > {{ plan_setting('ltv_green_delta_cr') }}
                then 'GREEN'
            else 'YELLOW'
        end as ltv_gate_color_origin,
        case
            when gate_score_7d is null then 'no_executions'
            when
                gate_score_7d >= {{ plan_setting('gate_green_score') }}
                and executions_7d >= {{ plan_setting('gate_green_executions') }}
                then 'green'
            when gate_score_7d >= {{ plan_setting('gate_green_score') }} then 'yellow_executions'
            when gate_score_7d >= {{ plan_setting('gate_yellow_score') }} then 'yellow_score'
            else 'red_score'
        end as gate_rule_7d,
        case
            when not is_usage_passed then 'failed_usage'
            when not is_success_rate_passed then 'failed_success_rate'
            when not is_delta_cr_passed then 'failed_delta_cr'
            when not is_failures_passed then 'failed_failures'
            when not is_site_gate_passed then 'failed_site_gate'
            when is_success_rate_passed is null then 'no_executions'
            when is_delta_cr_passed is null then 'no_baseline'
            when is_site_gate_passed is null then 'no_site_gate'
            else 'passed'
        end as gate_pass_rule,
        case
            when
                executions_7d >= {{ plan_setting('kill_executions_7d') }}
                and success_rate_7d < {{ plan_setting('kill_success_rate_7d') }}
                then 'kill_success_rate'
            when failures_7d >= {{ plan_setting('kill_failures_7d') }} and successes_7d = 0 then 'kill_failures'
            when
                executions_7d >= {{ plan_setting('freeze_executions_7d') }}
                and success_rate_7d < {{ plan_setting('freeze_success_rate_7d') }}
                then 'freeze_success_rate'
            when days_since_execution is null then 'freeze_never_executed'
            when days_since_execution >= {{ plan_setting('freeze_idle_days') }} then 'freeze_idle'
            when
                executions_30d >= {{ plan_setting('promote_executions_30d') }}
                and completion_rate_30d >= {{ plan_setting('promote_completion_rate_30d') }}
                and gate_score_7d >= {{ plan_setting('promote_score_7d') }}
                then 'promote'
            else 'keep'
        end as lifecycle_rule
    from judged
),

coloured as (
    select
        *,
        case
            when ltv_gate_rule like 'red%' then 'RED'
            when ltv_gate_rule like 'no%' then 'NO_DATA'
            when ltv_gate_rule like 'yellow%' then 'YELLOW'
            else 'GREEN'
        end as ltv_gate_color,
        case
            when gate_rule_7d like 'red%' then 'RED'
            when gate_rule_7d like 'no%' then 'NO_DATA'
            when gate_rule_7d like 'yellow%' then 'YELLOW'
            else 'GREEN'
        end as gate_color_7d,
        case
            when lifecycle_rule like 'kill%' then 'HARD_KILL'
            when lifecycle_rule like 'freeze%' then 'FREEZE'
            when lifecycle_rule = 'promote' then 'PROMOTE'
            else 'KEEP'
        end as lifecycle_recommendation
    from ruled
)

select
    coloured.product,
    coloured.prompt_template_id,
    coloured.date_day,
    {{ columns_of('coloured', counts) }},
    {{ columns_of('coloured', payers) }},
    cast(coloured.people_with_success_30d as bigint) as people_with_success_30d,
    cast(coloured.new_people_with_success_30d as bigint) as new_people_with_success_30d,
    cast(coloured.people_with_matched_success_30d as bigint) as people_with_matched_success_30d,
    {{ columns_of('coloured', site[:-1]) }},
    cast(coloured.days_since_execution as bigint) as days_since_execution,
    coloured.completion_rate_30d,
    coloured.completion_rate_matched_30d,
    coloured.no_outcome_share_30d,
    coloured.reuse_rate_30d,
    coloured.reuse_rate_days_30d,
    coloured.delta_cr_30d,
    coloured.delta_cr_30d_distinct,
    -- Newcombe's interval of a difference, from the Wilson intervals of its two shares.
    coloured.delta_cr_30d_distinct - sqrt(
        power(coloured.executing_paid_rate - coloured.executing_low, 2) + power(coloured.idle_high - coloured.idle_paid_rate, 2)
    ) as delta_cr_30d_distinct_low,
    coloured.delta_cr_30d_distinct + sqrt(
        power(coloured.executing_high - coloured.executing_paid_rate, 2) + power(coloured.idle_paid_rate - coloured.idle_low, 2)
    ) as delta_cr_30d_distinct_high,
    coloured.delta_cr_30d_after,
    {{ columns_of('coloured', first_success_times) }},
    {{ rate('coloured.people_30d - coloured.people_with_success_30d', 'coloured.people_30d') }} as share_without_success_30d,
    coloured.anon_execution_share_30d,
    coloured.success_rate_7d,
    coloured.delta_cr_7d,
    coloured.people_7d * case when coloured.delta_cr_7d > 0 then coloured.delta_cr_7d when coloured.delta_cr_7d <= 0 then 0 end
    * coloured.ltv_cents_7d as roi_value_cents_7d,
    coloured.ltv_gate_color,
    coloured.ltv_gate_rule,
    coloured.ltv_gate_color_origin,
    -- What is missing to the next colour: to yellow for a red template, to green for a yellow one.
    {%- for column, metric, key in [
        ('completion_rate', 'completion_rate_30d', 'completion_rate'),
        ('t_first_success_sec', 't_first_success_median_sec_30d', 'first_success_sec'),
        ('reuse_rate', 'reuse_rate_30d', 'reuse_rate'),
        ('delta_cr', 'delta_cr_30d', 'delta_cr'),
    ] %}
    {%- set is_less_better = key == 'first_success_sec' %}
    case
        when coloured.{{ metric }} is null or coloured.ltv_gate_color = 'NO_DATA' then null
        else greatest({{ '' if is_less_better else '-' }}(coloured.{{ metric }} - case
            when coloured.ltv_gate_color = 'RED' then {{ plan_setting('ltv_red_' ~ key) }}
            else {{ plan_setting('ltv_green_' ~ key) }}
        end), 0)
    end as {{ column }}_to_next_color,
    {%- endfor %}
    coloured.gate_score_7d,
    coloured.gate_color_7d,
    coloured.gate_rule_7d,
    case
        when coloured.gate_color_7d = 'RED' then {{ plan_setting('gate_yellow_score') }} - coloured.gate_score_7d
        when coloured.gate_color_7d <> 'NO_DATA' then greatest({{ plan_setting('gate_green_score') }} - coloured.gate_score_7d, 0)
    end as gate_score_to_next_color,
    case
        when coloured.gate_color_7d = 'RED' then 0
        when coloured.gate_color_7d <> 'NO_DATA'
            then cast(greatest({{ plan_setting('gate_green_executions') }} - coloured.executions_7d, 0) as bigint)
    end as executions_to_next_color,
    case when coloured.gate_pass_rule = 'passed' then true when coloured.gate_pass_rule like 'failed%' then false end as gate_pass,
    coloured.gate_pass_rule,
    coloured.gate_pass_executions_7d,
    coloured.is_usage_passed,
    coloured.is_success_rate_passed,
    coloured.is_delta_cr_passed,
    coloured.is_failures_passed,
    coloured.is_site_gate_passed,
    coloured.site_gate_color,
    coloured.lifecycle_recommendation,
    coloured.lifecycle_rule,
    coloured.lifecycle_recommendation in ('HARD_KILL', 'FREEZE') as should_unpublish,
    coalesce(coloured.completion_rate_30d > 1, false) as is_rate_gt_1,
    coloured.is_orphan,
    coloured.date_day = clock.as_of_date as is_latest
from coloured
inner join clock on coloured.product = clock.product
