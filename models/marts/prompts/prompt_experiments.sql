-- One row per prompt template, variant and local day: what the variant did in the window of experiments that ends with it.
{%- set measures = [
    'exposures', 'exposed_people', 'executions', 'successes', 'people', 'paid_people', 'revenue_minor', 'unpriced_payments',
] %}
{%- set shared = ['seen_people', 'contaminated_people'] %}

with changes as (
    select * from {{ ref('variant_window_changes') }}
),

days as (
    select * from {{ ref('product_days') }}
),

clock as (
    select product, as_of_date from {{ ref('reporting_clock') }}
),

variants as (
    select distinct product, template_id, variant
    from {{ ref('template_events') }}
    where template_id is not null and variant is not null
),

variant_days as (
    select
        variants.product as product,
        variants.template_id as template_id,
        variants.variant as variant,
        days.date_day as date_day
    from variants
    inner join days on variants.product = days.product
),

change_days as (
    select
        product,
        template_id,
        variant,
        date_day
        {%- for measure in measures + shared %},
        sum(case when measure = '{{ measure }}' then change else 0 end) as {{ measure }}
        {%- endfor %}
    from changes
    group by product, template_id, variant, date_day
),

windows as (
    select
        variant_days.product as product,
        variant_days.template_id as template_id,
        variant_days.variant as variant,
        variant_days.date_day as date_day,
        variant_days.variant <> 'WINNER' as is_compared
        {%- for measure in measures %},
        cast(sum(coalesce(own_changes.{{ measure }}, 0)) over (
            partition by variant_days.product, variant_days.template_id, variant_days.variant order by variant_days.date_day
        ) as bigint) as {{ measure }}
        {%- endfor %}
        {%- for measure in shared %},
        cast(sum(coalesce(shared_changes.{{ measure }}, 0)) over (
            partition by variant_days.product, variant_days.template_id, variant_days.variant order by variant_days.date_day
        ) as bigint) as {{ measure }}
        {%- endfor %}
    from variant_days
    left join change_days as own_changes
        on
            variant_days.product = own_changes.product
            and variant_days.template_id = own_changes.template_id
            and variant_days.variant = own_changes.variant
            and variant_days.date_day = own_changes.date_day
    left join change_days as shared_changes
        on
            variant_days.product = shared_changes.product
            and variant_days.template_id = shared_changes.template_id
            and variant_days.date_day = shared_changes.date_day
            and shared_changes.variant = '*'
),

judged as (
    select
        *,
        is_compared and exposures + executions > 0 as is_running,
        is_compared
        and executions >= {{ plan_setting('experiment_min_executions') }}
        and paid_people >= {{ plan_setting('experiment_min_paid_users') }} as is_variant_sufficient
    from windows
),

counted as (
    select
        *,
        sum(case when is_running then 1 else 0 end) over (partition by product, template_id, date_day) as running_variants,
        sum(case when is_variant_sufficient then 1 else 0 end) over (partition by product, template_id, date_day) as sufficient_variants
    from judged
)

select
    {{ text_digest("concat_ws('/', counted.template_id, counted.variant, cast(counted.date_day as " ~ dbt.type_string() ~ "))") }} as experiment_row_key,
    counted.product as product,
    counted.template_id as prompt_template_id,
    counted.variant as variant_label,
    counted.date_day as date_day,
    {{ columns_of('counted', measures + shared) }},
    cast(counted.running_variants as bigint) as running_variants,
    {{ rate('counted.successes', 'counted.executions') }} as success_rate,
    counted.is_compared,
    counted.is_variant_sufficient,
    counted.sufficient_variants > 0 as is_experiment_sufficient,
    counted.running_variants > 0 and counted.sufficient_variants = counted.running_variants as is_experiment_sufficient_all,
    counted.contaminated_people > {{ plan_setting('experiment_contamination_share') }} * counted.seen_people as is_contamination_alarm,
    counted.date_day = clock.as_of_date as is_latest
from counted
inner join clock on counted.product = clock.product
