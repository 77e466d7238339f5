{# Several values of one JSON text as a list of texts, in the order of `paths` ('a' or 'a.b'); NULL where absent
   or JSON null. One call parses the document once; a call per value parses it again each time. #}
{% macro json_texts(json, paths) %}{{ return(adapter.dispatch('json_texts', 'plumbline')(json, paths)) }}{% endmacro %}

{% macro default__json_texts(json, paths) %}{{ no_engine_body('json_texts') }}{% endmacro %}

{% macro duckdb__json_texts(json, paths) -%}
json_extract_string({{ json }}, [
    {%- for path in paths %}'$."{{ path.split('.') | join('"."') }}"'{% if not loop.last %}, {% endif %}{% endfor -%}
])
{%- endmacro %}

{# One call reads a named tuple. An array in the place of a container would fill its part by position, and a whole number
   written as a float would lose its `.0`: records that may hold one are looked at again. -#}
{% macro clickhouse__json_texts(json, paths) -%}
{%- set leaves = {} -%}
{%- for path in paths -%}
    {%- set root, dot, leaf = path.partition('.') -%}
    {%- do leaves.setdefault(root, []).append(leaf) -%}
{%- endfor -%}
{%- set parts = [] -%}
{%- for root, names in leaves.items() -%}
    {%- set type = 'Tuple(`' ~ names | select | join('` Nullable(String), `') ~ '` Nullable(String))' if names | select | list else 'Nullable(String)' -%}
    {%- do parts.append('`' ~ root ~ '` ' ~ type) -%}
{%- endfor -%}
{%- set sent = 'JSONExtract(ifNull(' ~ json ~ ", ''), 'Tuple(" ~ parts | join(', ') ~ ")')" -%}
[
    {%- for path in paths %}
    {%- set root, dot, leaf = path.partition('.') %}
    {%- set text = 'tupleElement(' ~ sent ~ ", '" ~ root ~ "')" %}
    {%- if leaf %}
        {%- set text = 'tupleElement(' ~ text ~ ", '" ~ leaf ~ "')" %}
    {%- elif leaves[root] | select | list %}
        {%- set text = clickhouse_json_call('JSONExtract', json, "''", "'" ~ root ~ "'", 'Nullable(String)') %}
    {%- endif %}
    multiIf(
        {%- if leaf %}
        JSONType({{ json }}, '{{ root }}') = 'Array', null,
        {%- endif %}
        match({{ text }}, '^-?[0-9]+$') and JSONType({{ json }}, '{{ path.split('.') | join("', '") }}') = 'Double', concat({{ text }}, '.0'),
        {{ text }}
    ){% if not loop.last %},{% endif %}
    {%- endfor %}
]
{%- endmacro %}
