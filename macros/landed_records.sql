{# The readable records of one stream in the canonical columns. `paths` maps a canonical column to the JSON path that fills
   it ('a' or 'a.b'); `expressions` maps one to SQL over `lines` (record, received_at) where a path is not enough. The other
   columns are NULL. `container` names the object that holds the properties; '' when the record itself does. #}
{% macro landed_records(product, stream, container, paths, expressions={}) -%}
{%- set sources = paths.keys() | list -%}
select
    {% for column in line_key() %}lines.{{ column }},
    {% endfor -%}
    lines.received_at,
    lines.is_text_source,
    lines.container,
    lines.is_bad_container,
    lines.record
    {%- for column in canonical_columns() %},
    {%- if column in expressions %}
    {{ expressions[column] }} as {{ column }}
    {%- elif column in sources %}
    lines.sent[{{ sources.index(column) + 1 }}] as {{ column }}
    {%- else %}
    cast(null as {{ dbt.type_string() }}) as {{ column }}
    {%- endif %}
    {%- endfor %}
from (
    select
        {% for column in line_key() %}landed.{{ column }},
        {% endfor -%}
        landed.received_at,
        landed.is_text_source,
        '{{ container }}' as container,
        coalesce(irregular.is_bad_container, false) as is_bad_container,
        coalesce(irregular.record, landed.raw) as record,
        {{ json_texts('coalesce(irregular.record, landed.raw)', paths.values() | list) }} as sent
    from {{ ref('landed_lines') }} as landed
    left join {{ ref('irregular_records') }} as irregular on {{ same_line('landed', 'irregular') }}
    where landed.product = '{{ product }}' and landed.stream = '{{ stream }}' and landed.fault is null
) as lines
{%- endmacro %}
