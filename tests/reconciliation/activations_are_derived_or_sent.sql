-- Whoever activated, derived or as sent, is in one day of the comparison, once.
with compared as (
    select
        product,
        sum(derived_people) as derived_people,
        sum(people_in_both + sent_only_people) as sent_people
    from {{ ref('activation_daily') }}
    group by product
),

milestones as (
    select
        product,
        sum(case when milestone = 'activated' then 1 else 0 end) as derived_people,
        sum(case when milestone = 'activated_as_sent' then 1 else 0 end) as sent_people
    from {{ ref('milestones') }}
    group by product
)

select
    compared.product as product,
    compared.derived_people as compared_derived_people,
    milestones.derived_people as derived_people,
    compared.sent_people as compared_sent_people,
    milestones.sent_people as sent_people
from compared
inner join milestones on compared.product = milestones.product
where compared.derived_people <> milestones.derived_people or compared.sent_people <> milestones.sent_people
