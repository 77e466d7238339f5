{# A UTC timestamp as ISO 8601 text with microseconds and Z, the same on every engine where a cast to text is not. #}
{% macro timestamp_text(ts) %}{{ return(adapter.dispatch('timestamp_text', 'plumbline')(ts)) }}{% endmacro %}

{% macro default__timestamp_text(ts) %}{{ no_engine_body('timestamp_text') }}{% endmacro %}

{% macro duckdb__timestamp_text(ts) -%}
strftime({{ ts }}, '%Y-%m-%dT%H:%M:%S.%fZ')
{%- endmacro %}

{% macro clickhouse__timestamp_text(ts) -%}
formatDateTime({{ ts }}, '%Y-%m-%dT%H:%i:%S.%fZ')
{%- endmacro %}
