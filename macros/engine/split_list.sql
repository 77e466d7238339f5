{# A text cut at a separator into a list; an empty list for NULL. #}
{% macro split_list(text, separator) %}{{ return(adapter.dispatch('split_list', 'plumbline')(text, separator)) }}{% endmacro %}

{% macro default__split_list(text, separator) %}{{ no_engine_body('split_list') }}{% endmacro %}

{% macro duckdb__split_list(text, separator) -%}
case when {{ text }} is null then []::varchar[] else string_split({{ text }}, '{{ separator }}') end
{%- endmacro %}

{% macro clickhouse__split_list(text, separator) -%}
if(isNull({{ text }}), emptyArrayString(), splitByString('{{ separator }}', assumeNotNull({{ text }})))
{%- endmacro %}
