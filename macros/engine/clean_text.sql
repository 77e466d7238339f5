{# Text trimmed of white space and in Unicode form NFC; NULL when nothing is left. Case is kept: case variants are alias rows of the plan. #}
{% macro clean_text(text) %}{{ return(adapter.dispatch('clean_text', 'plumbline')(text)) }}{% endmacro %}

{% macro default__clean_text(text) %}{{ no_engine_body('clean_text') }}{% endmacro %}

{% macro duckdb__clean_text(text) -%}
nullif(trim(nfc_normalize({{ text }}), ' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(160) || chr(12288)), '')
{%- endmacro %}
