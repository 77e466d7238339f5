-- An event has one person: its user where it names one, and log-in links of one anonymous id never overlap.
with links as (
    select * from {{ ref('person_links') }} where why <> 'same_id'
),

events as (
    select product, anonymous_id, user_id, person_key from {{ ref('events') }} where user_id is not null
),

following as (
    select
        *,
        lag({{ nullable('known_at') }}) over (partition by product, anonymous_id order by known_at) as previous_known_at,
        lag({{ nullable('valid_to') }}) over (partition by product, anonymous_id order by known_at) as previous_valid_to
    from links
)

select product, anonymous_id, user_id, 'overlapping links' as fault
from following
where previous_known_at is not null and (previous_valid_to is null or valid_from is null or valid_from < previous_valid_to)
union all
select product, anonymous_id, user_id, 'not the user that was sent' as fault
from events
where person_key <> user_id
