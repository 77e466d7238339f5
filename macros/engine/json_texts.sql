{# Several values of one JSON text as a list of texts, in the order of `paths` ('a' or 'a.b'); NULL where absent
   or JSON null. One call parses the document once; a call per value parses it again each time. #}
{% macro json_texts(json, paths) %}{{ return(adapter.dispatch('json_texts', 'plumbline')(json, paths)) }}{% endmacro %}

{% macro default__json_texts(json, paths) %}{{ no_engine_body('json_texts') }}{% endmacro %}

{% macro duckdb__json_texts(json, paths) -%}
json_extract_string({{ json }}, [
    {%- for path in paths %}'$."{{ path.split('.') | join('"."') }}"'{% if not loop.last %}, {% endif %}{% endfor -%}
])
{%- endmacro %}

{# One call reads a named tuple. An array in the place of an object would fill the tuple by position, and a whole number
   written as a float would lose its `.0`: records that may hold one are looked at again. -#}
{% macro clickhouse__json_texts(json, paths) -%}
{%- set parts, names = [], [] -%}
{%- for path in paths -%}
    {%- if '.' in path -%}
        {%- set root, leaf = path.split('.') -%}
        {%- if root not in names -%}
            {%- do names.append(root) -%}
            {%- set leaves = [] -%}
            {%- for other in paths if other.startswith(root ~ '.') -%}
                {%- do leaves.append('`' ~ other.split('.')[1] ~ '` Nullable(String)') -%}
            {%- endfor -%}
            {%- do parts.append('`' ~ root ~ '` Tuple(' ~ leaves | join(', ') ~ ')') -%}
        {%- endif -%}
    {%- else -%}
        {%- do parts.append('`' ~ path ~ '` Nullable(String)') -%}
    {%- endif -%}
{%- endfor -%}
{%- set sent = "JSONExtract(ifNull(" ~ json ~ ", ''), 'Tuple(" ~ parts | join(', ') ~ ")')" -%}
[
    {%- for path in paths %}
    {%- set keys = "'" ~ path.split('.') | join("', '") ~ "'" %}
    {%- set text %}tupleElement({% if '.' in path %}tupleElement({{ sent }}, '{{ path.split('.')[0] }}'), '{{ path.split('.')[1] }}'{% else %}{{ sent }}, '{{ path }}'{% endif %}){% endset %}
    multiIf(
        {%- if '.' in path %}
        JSONType({{ json }}, '{{ path.split('.')[0] }}') = 'Array', null,
        {%- endif %}
        match({{ text }}, '^-?[0-9]+$') and JSONType({{ json }}, {{ keys }}) = 'Double', concat({{ text }}, '.0'),
        {{ text }}
    ){% if not loop.last %},{% endif %}
    {%- endfor %}
]
{%- endmacro %}
