{# A 32-digit hexadecimal digest of a text, the same on every engine. #}
{% macro text_digest(text) %}{{ return(adapter.dispatch('text_digest', 'plumbline')(text)) }}{% endmacro %}

{% macro default__text_digest(text) %}{{ no_engine_body('text_digest') }}{% endmacro %}

{% macro duckdb__text_digest(text) -%}
md5({{ text }})
{%- endmacro %}

{% macro clickhouse__text_digest(text) -%}
lower(hex(MD5({{ text }})))
{%- endmacro %}
