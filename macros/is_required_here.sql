{# Whether the plan asks for a property on this line: always, or when another property has one of the named values.
   Over rows that carry the columns of `plan_event_rules` and the line's record and container. #}
{% macro is_required_here() -%}
(
    is_required
    or (
        required_when_property is not null
        and coalesce({{ list_has('required_when_values', clean_text(json_text('record', 'container', 'required_when_property'))) }}, false)
    )
)
{%- endmacro %}
