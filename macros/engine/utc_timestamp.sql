{# Event time in UTC from text, by the kind that `time_kind` found: 'date' is the local midnight of a fixed offset (minutes),
   'naive' is UTC, 'offset' carries its own, 'epoch_s', 'epoch_ms' and 'epoch_us' count from 1970. NULL when there is no such time.
   A plain cast would drop offsets or take the session's zone. #}
{% macro utc_timestamp(text, kind, utc_offset_minutes) %}{{ return(adapter.dispatch('utc_timestamp', 'plumbline')(text, kind, utc_offset_minutes)) }}{% endmacro %}

{% macro default__utc_timestamp(text, kind, utc_offset_minutes) %}{{ no_engine_body('utc_timestamp') }}{% endmacro %}

{% macro duckdb__utc_timestamp(text, kind, utc_offset_minutes) -%}
case {{ kind }}
    when 'offset' then try_cast({{ text }} as timestamptz) at time zone 'UTC'
    when 'naive' then try_cast({{ text }} as timestamp)
    when 'date' then try_cast({{ text }} as timestamp) - to_minutes({{ utc_offset_minutes }})
    when 'epoch_s' then make_timestamp((try_cast({{ text }} as decimal(30, 6)) * 1000000)::bigint)
    when 'epoch_ms' then make_timestamp((try_cast({{ text }} as decimal(30, 3)) * 1000)::bigint)
    when 'epoch_us' then make_timestamp(try_cast({{ text }} as bigint))
end
{%- endmacro %}

{# Every branch may be computed for every row: what is no time of the branch's kind must not make it fail. -#}
{% macro clickhouse__utc_timestamp(text, kind, utc_offset_minutes) -%}
multiIf(
    {{ kind }} in ('offset', 'naive'), parseDateTime64BestEffortOrNull({{ text }}, 6, 'UTC'),
    {{ kind }} = 'date', addMinutes(parseDateTime64BestEffortOrNull({{ text }}, 6, 'UTC'), -({{ utc_offset_minutes }})),
    {%- for unit, digits in {'epoch_s': 6, 'epoch_ms': 3, 'epoch_us': 0}.items() %}
    {{ kind }} = '{{ unit }}',
    fromUnixTimestamp64Micro(accurateCastOrNull(
        toDecimal128OrNull(if({{ kind }} = '{{ unit }}', {{ text }}, null), {{ digits }}) * {{ 10 ** digits }}, 'Int64'
    ), 'UTC'),
    {%- endfor %}
    null
)
{%- endmacro %}
