{# A document with a patch merged in (RFC 7396: a null in the patch removes the key). #}
{% macro json_patched(json, patch) %}{{ return(adapter.dispatch('json_patched', 'plumbline')(json, patch)) }}{% endmacro %}

{% macro default__json_patched(json, patch) %}{{ no_engine_body('json_patched') }}{% endmacro %}

{% macro duckdb__json_patched(json, patch) -%}
json_merge_patch({{ json }}, {{ patch }})::varchar
{%- endmacro %}

{# The engine's own jsonMergePatch keeps a null instead of taking the key out. Objects are merged two levels deep, which is
   as deep as a record and its container go. -#}
{% macro clickhouse__json_patched(json, patch) -%}
if(isNull({{ json }}) or isNull({{ patch }}), null, {{ clickhouse_json_merged("ifNull(" ~ json ~ ", '')", "ifNull(" ~ patch ~ ", '')", 2) }})
{%- endmacro %}

{% macro clickhouse_json_merged(json, patch, levels) -%}
{%- set member = 'member_' ~ levels -%}
concat('{', arrayStringConcat(arrayMap(
    {{ member }} -> concat(toJSONString({{ member }}.1), ':', {{ member }}.2),
    arrayFilter({{ member }} -> {{ member }}.2 != '', arrayConcat(
        arrayMap(
            {{ member }} -> ({{ member }}.1, multiIf(
                not JSONHas({{ patch }}, {{ member }}.1), {{ member }}.2,
                JSONType({{ patch }}, {{ member }}.1) = 'Null', '',
                {%- if levels > 1 %}
                JSONType({{ patch }}, {{ member }}.1) = 'Object' and startsWith({{ member }}.2, '{'),
                {{ clickhouse_json_merged(member ~ '.2', 'JSONExtractRaw(' ~ patch ~ ', ' ~ member ~ '.1)', levels - 1) }},
                {%- endif %}
                {{ clickhouse_json_exact('JSONExtractRaw(' ~ patch ~ ', ' ~ member ~ '.1)', patch, "''", member ~ '.1') }}
            )),
            {{ clickhouse_json_members(json, "''", member) }}
        ),
        arrayFilter(
            {{ member }} -> {{ member }}.2 != 'null' and not JSONHas({{ json }}, {{ member }}.1),
            {{ clickhouse_json_members(patch, "''", member) }}
        )
    ))
), ','), '}')
{%- endmacro %}
