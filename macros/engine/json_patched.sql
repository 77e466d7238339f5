{# A document with a patch merged in (RFC 7396: a null in the patch removes the key). #}
{% macro json_patched(json, patch) %}{{ return(adapter.dispatch('json_patched', 'plumbline')(json, patch)) }}{% endmacro %}

{% macro default__json_patched(json, patch) %}{{ no_engine_body('json_patched') }}{% endmacro %}

{% macro duckdb__json_patched(json, patch) -%}
json_merge_patch({{ json }}, {{ patch }})::varchar
{%- endmacro %}
