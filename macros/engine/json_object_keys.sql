{# Keys of the object at `container` ('' = the document itself) as a list of texts; NULL when there is no object. #}
{% macro json_object_keys(json, container) %}{{ return(adapter.dispatch('json_object_keys', 'plumbline')(json, container)) }}{% endmacro %}

{% macro default__json_object_keys(json, container) %}{{ no_engine_body('json_object_keys') }}{% endmacro %}

{% macro duckdb__json_object_keys(json, container) -%}
json_keys({{ json }}, case when {{ container }} = '' then '$' else '$."' || {{ container }} || '"' end)
{%- endmacro %}
