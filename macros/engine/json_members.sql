{# In a select list: one row per member of a JSON object, as `member_key` and `member_value` (raw JSON, as json_fragment).
   Reading all members at once parses a document twice; a look-up per property parses it once per property. #}
{% macro json_members(json) %}{{ return(adapter.dispatch('json_members', 'plumbline')(json)) }}{% endmacro %}

{% macro default__json_members(json) %}{{ no_engine_body('json_members') }}{% endmacro %}

{% macro duckdb__json_members(json) -%}
unnest(json_keys({{ json }})) as member_key,
unnest(json_extract({{ json }}, '$.*')::varchar[]) as member_value
{%- endmacro %}
