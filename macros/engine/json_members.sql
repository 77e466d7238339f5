{# In a select list: one row per member of a JSON object, as `member_key` and `member_value` (raw JSON, as json_fragment).
   Reading all members at once parses a document twice; a look-up per property parses it once per property. #}
{% macro json_members(json) %}{{ return(adapter.dispatch('json_members', 'plumbline')(json)) }}{% endmacro %}

{% macro default__json_members(json) %}{{ no_engine_body('json_members') }}{% endmacro %}

{% macro duckdb__json_members(json) -%}
unnest(json_keys({{ json }})) as member_key,
unnest(json_extract({{ json }}, '$.*')::varchar[]) as member_value
{%- endmacro %}

{# Two calls that make rows would not keep a key beside its value: the pairs become rows, then columns. -#}
{% macro clickhouse__json_members(json) -%}
arrayJoin({{ clickhouse_json_members("ifNull(" ~ json ~ ", '')", 'member') }}) as json_member,
json_member.1 as member_key,
json_member.2 as member_value
{%- endmacro %}
