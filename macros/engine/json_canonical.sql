{# An object as text with its keys in order, one level deep: two objects with the same content in another key order read the same. #}
{% macro json_canonical(json) %}{{ return(adapter.dispatch('json_canonical', 'plumbline')(json)) }}{% endmacro %}

{% macro default__json_canonical(json) %}{{ no_engine_body('json_canonical') }}{% endmacro %}

{% macro duckdb__json_canonical(json) -%}
array_to_string(
    list_transform(
        list_sort(json_keys({{ json }})),
        -- A JSON pointer, because a key may hold any character.
        lambda json_key: json_key || ':' || json_extract({{ json }}, '/' || replace(replace(json_key, '~', '~0'), '/', '~1'))::varchar
    ),
    ','
)
{%- endmacro %}

{% macro clickhouse__json_canonical(json) -%}
if(
    isNull({{ json }}),
    null,
    arrayStringConcat(
        arrayMap(member -> concat(member.1, ':', member.2), arraySort(JSONExtractKeysAndValuesRaw(ifNull({{ json }}, '')))), ','
    )
)
{%- endmacro %}
