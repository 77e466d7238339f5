{# An id as sent: clean text, with the spellings of "nobody" as NULL. #}
{% macro identifier(text) -%}
case when lower({{ text }}) not in ('null', 'undefined', 'none', 'nan') then {{ clean_text(text) }} end
{%- endmacro %}
