-- One row per line and reason that keeps it out of the events: unusable bytes, unknown names, broken envelopes, reject rules.
with landed as (
    select * from {{ ref('landed_lines') }}
),

streams as (
    select product, stream from {{ ref('plan_streams') }}
),

named as (
    select * from {{ ref('named_events') }}
),

violations as (
    select * from {{ ref('event_violations') }}
),

rejected as (
    select {{ line_key() | join(', ') }}, fault as reason from landed where fault is not null
    union all
    select {% for column in line_key() %}landed.{{ column }}, {% endfor %}'unknown_stream' as reason
    from landed
    left join streams on landed.product = streams.product and landed.stream = streams.stream
    where streams.product is null and coalesce(landed.fault, '') <> 'blank_line'
    union all
    select {{ line_key() | join(', ') }}, 'unknown_event' as reason from named where event_name is null
    union all
    select {{ line_key() | join(', ') }}, 'bad_props' as reason from named where is_bad_container
    union all
    select distinct {{ line_key() | join(', ') }}, rule as reason from violations where severity = 'reject'
)

select * from rejected
