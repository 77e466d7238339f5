-- Whoever enters a state goes somewhere: the people of a row of the matrix are those who first entered, and its
-- probabilities add up to 1.
with matrix_rows as (
    select
        product,
        cohort_date,
        from_state,
        sum(people) as people,
        max(entrants) as entrants,
        sum(probability) as probability
    from {{ ref('funnel_matrix') }}
    group by product, cohort_date, from_state
),

entered as (
    select
        product,
        {{ week_start('first_reached_date') }} as cohort_date,
        state as from_state,
        count(*) as people
    from {{ ref('funnel_states') }}
    group by product, {{ week_start('first_reached_date') }}, state
)

select
    coalesce(matrix_rows.product, entered.product) as product,
    coalesce(matrix_rows.cohort_date, entered.cohort_date) as cohort_date,
    coalesce(matrix_rows.from_state, entered.from_state) as from_state,
    matrix_rows.people as people,
    entered.people as entrants,
    matrix_rows.probability as probability
from matrix_rows
full outer join entered
    on
        matrix_rows.product = entered.product
        and matrix_rows.cohort_date = entered.cohort_date
        and matrix_rows.from_state = entered.from_state
where
    coalesce(matrix_rows.people <> entered.people, true)
    or coalesce(matrix_rows.people <> matrix_rows.entrants, true)
    or coalesce(abs(matrix_rows.probability - 1) > 1e-9, true)
