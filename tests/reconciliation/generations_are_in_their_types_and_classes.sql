-- The types of a day are its total, as far as counts of generations and actions go, and the classes are all its failures.
with totals as (
    select * from {{ ref('product_value_daily') }} where task_type = 'all'
),

types as (
    select
        product,
        date_day
        {%- for column in ['total_generations', 'failed_generations', 'adoption_actions', 'adopted_generations', 'tasks', 'tokens'] %},
        sum({{ column }}) as {{ column }}
        {%- endfor %}
    from {{ ref('product_value_daily') }}
    where task_type <> 'all'
    group by product, date_day
),

classes as (
    select
        product,
        date_day,
        sum(failed_generations) as failed_generations
    from {{ ref('task_failures_daily') }}
    group by product, date_day
)

select
    totals.product,
    totals.date_day
from totals
inner join classes on totals.product = classes.product and totals.date_day = classes.date_day
left join types on totals.product = types.product and totals.date_day = types.date_day
where
    totals.failed_generations <> classes.failed_generations
    {%- for column in ['total_generations', 'failed_generations', 'adoption_actions', 'adopted_generations', 'tasks'] %}
    or totals.{{ column }} <> coalesce(types.{{ column }}, 0)
    {%- endfor %}
    -- Tokens are rounded in each row.
    or abs(totals.tokens - coalesce(types.tokens, 0)) > 10
