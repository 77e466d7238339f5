{# Several values of one JSON text as a list of texts, in the order of `paths` ('a' or 'a.b'); NULL where absent
   or JSON null. One call parses the document once; a call per value parses it again each time. #}
{% macro json_texts(json, paths) %}{{ return(adapter.dispatch('json_texts', 'plumbline')(json, paths)) }}{% endmacro %}

{% macro default__json_texts(json, paths) %}{{ no_engine_body('json_texts') }}{% endmacro %}

{% macro duckdb__json_texts(json, paths) -%}
json_extract_string({{ json }}, [
    {%- for path in paths %}'$."{{ path.split('.') | join('"."') }}"'{% if not loop.last %}, {% endif %}{% endfor -%}
])
{%- endmacro %}
