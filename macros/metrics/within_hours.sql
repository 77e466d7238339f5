{# Whether something happened at or after an entry and less than `hours` hours later: [entry, entry + hours) (X-03). #}
{% macro within_hours(happened_at, entry_at, hours) -%}
({{ happened_at }} >= {{ entry_at }} and {{ happened_at }} < {{ plus_minutes(entry_at, hours ~ ' * 60') }})
{%- endmacro %}
