{# Microseconds since 1970 of a UTC timestamp: the same integer on every engine, where a cast to text is not the same text. #}
{% macro epoch_microseconds(ts) %}{{ return(adapter.dispatch('epoch_microseconds', 'plumbline')(ts)) }}{% endmacro %}

{% macro default__epoch_microseconds(ts) %}{{ no_engine_body('epoch_microseconds') }}{% endmacro %}

{% macro duckdb__epoch_microseconds(ts) -%}
epoch_us({{ ts }})
{%- endmacro %}

{% macro clickhouse__epoch_microseconds(ts) -%}
toUnixTimestamp64Micro({{ ts }})
{%- endmacro %}
