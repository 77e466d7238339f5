{# SHA-256 of a text in 64 lower-case hexadecimal digits. #}
{% macro text_sha256(text) %}{{ return(adapter.dispatch('text_sha256', 'plumbline')(text)) }}{% endmacro %}

{% macro default__text_sha256(text) %}{{ no_engine_body('text_sha256') }}{% endmacro %}

{% macro duckdb__text_sha256(text) -%}
sha256({{ text }})
{%- endmacro %}

{% macro clickhouse__text_sha256(text) -%}
lower(hex(SHA256({{ text }})))
{%- endmacro %}
