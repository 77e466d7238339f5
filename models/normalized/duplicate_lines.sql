-- One row per line that is judged sound but said before: the first received of a key stays, the last version of a table row.
-- Only lines that no rule rejects compete, so that a bad first copy never swallows its corrected resend.
with named as (
    select * from {{ ref('named_events') }}
),

rejected as (
    select distinct {{ line_key() | join(', ') }} from {{ ref('rejected_lines') }}
),

sound as (
    select
        {% for column in line_key() %}named.{{ column }},
        {% endfor -%}
        named.stream_kind,
        case
            when named.event_id is not null and named.stream_kind <> 'versions' then 'id'
            when named.natural_key is not null then 'key'
            else 'content'
        end as key_kind,
        coalesce(
            case when named.stream_kind <> 'versions' then named.event_id end,
            named.natural_key,
            -- Cheap to compare for every line; the whole content is compared below, only where this repeats.
            {% for column in ['raw_event_name', 'user_id', 'anonymous_id', 'session_id', 'task_id'] -%}
            {% if not loop.first %}|| {% endif %}coalesce(named.{{ column }}, '') || '/'
            {% endfor -%}
            || coalesce(cast({{ epoch_microseconds('named.occurred_at') }} as {{ dbt.type_string() }}), '')
        ) as dedupe_key
    from named
    left join rejected on {{ same_line('named', 'rejected') }}
    where rejected.product is null
),

repeated as (
    select product, key_kind, dedupe_key
    from sound
    group by product, key_kind, dedupe_key
    having count(*) > 1
),

suspected as (
    select
        {% for column in line_key() %}sound.{{ column }},
        {% endfor -%}
        sound.stream_kind,
        sound.key_kind,
        sound.dedupe_key
    from sound
    inner join repeated
        on
            sound.product = repeated.product
            and sound.key_kind = repeated.key_kind
            and sound.dedupe_key = repeated.dedupe_key
),

compared as (
    select
        suspected.*,
        named.received_at,
        {{ text_digest('named.record') }} as record_digest,
        case
            when named.container = '' then {{ json_canonical('named.record') }}
            else
                {{ json_canonical(json_patched('named.record', """'{\"' || named.container || '\":null}'""")) }}
                || '/' || coalesce({{ json_canonical(json_fragment('named.record', "''", 'named.container')) }}, '')
        end as content
    from suspected
    inner join named on {{ same_line('suspected', 'named') }}
),

ordered as (
    select
        *,
        row_number() over (
            partition by product, key_kind, dedupe_key, case when key_kind = 'content' then content else '' end
            order by
                {{ epoch_microseconds('received_at') }} * case when stream_kind = 'versions' then -1 else 1 end,
                record_digest, file_sha256, line_no
        ) as position,
        first_value(content) over (
            partition by product, key_kind, dedupe_key, case when key_kind = 'content' then content else '' end
            order by
                {{ epoch_microseconds('received_at') }} * case when stream_kind = 'versions' then -1 else 1 end,
                record_digest, file_sha256, line_no
        ) as kept_content
    from compared
)

select
    {{ line_key() | join(', ') }},
    case
        when content = kept_content then 'duplicate'
        when stream_kind = 'versions' then 'superseded'
        else 'duplicate_conflict'
    end as reason
from ordered
where position > 1
