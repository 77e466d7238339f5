{# An id as sent: clean text, with the spellings of "nobody" as NULL. #}
{% macro identifier(text) -%}
case when length({{ text }}) <= 20 and lower(trim({{ text }})) in ('null', 'undefined', 'none', 'nan') then null else {{ clean_text(text) }} end
{%- endmacro %}
