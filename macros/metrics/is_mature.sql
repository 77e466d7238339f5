{# Whether a window of `hours` hours that began at an entry has ended by the end of the reporting day (X-20). #}
{% macro is_mature(entry_at, hours, as_of_end_at) -%}
({{ plus_minutes(entry_at, hours ~ ' * 60') }} <= {{ as_of_end_at }})
{%- endmacro %}
