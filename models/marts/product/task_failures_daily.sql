-- One row per product, local day and failure class: generations that failed, of all that succeeded or failed.
with generations as (
    select * from {{ ref('generations') }} where is_failure
),

-- Every class of the plan, in every product that has generations.
days as (
    select * from {{ ref('product_value_daily') }} where task_type = 'all'
),

classes as (
    select distinct failure_class from {{ ref('plan_failure_classes') }}
    union
    select 'other' as failure_class
),

failed as (
    select
        product,
        event_date,
        failure_class,
        count(*) as failed_generations
    from generations
    group by product, event_date, failure_class
)

select
    days.product as product,
    days.date_day as date_day,
    classes.failure_class as failure_class,
    cast(coalesce(failed.failed_generations, 0) as bigint) as failed_generations,
    days.terminal_generations as terminal_generations
from days
cross join classes
left join failed
    on
        days.product = failed.product
        and days.date_day = failed.event_date
        and classes.failure_class = failed.failure_class
