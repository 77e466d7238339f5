{# Keys of the object at `container` ('' = the document itself) as a list of texts; empty when there is no object. #}
{% macro json_object_keys(json, container) %}{{ return(adapter.dispatch('json_object_keys', 'plumbline')(json, container)) }}{% endmacro %}

{% macro default__json_object_keys(json, container) %}{{ no_engine_body('json_object_keys') }}{% endmacro %}

{% macro duckdb__json_object_keys(json, container) -%}
coalesce(json_keys({{ json }}, case when {{ container }} = '' then '$' else '$."' || {{ container }} || '"' end), [])
{%- endmacro %}

{% macro clickhouse__json_object_keys(json, container) -%}
{{ clickhouse_json_keys("ifNull(" ~ json ~ ", '')", container) }}
{%- endmacro %}

{% macro clickhouse_json_keys(json, container) -%}
{%- if container == "''" -%}
JSONExtractKeys({{ json }})
{%- else -%}
if({{ container }} = '', JSONExtractKeys({{ json }}), JSONExtractKeys({{ json }}, assumeNotNull({{ container }})))
{%- endif -%}
{%- endmacro %}
