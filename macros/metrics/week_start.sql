{# First day of the week of a local day (X-23): weeks begin on the plan's `week_start_iso_day`, which is Monday unless it says otherwise. #}
{% macro week_start(day, first_iso_day=none) -%}
{%- set first = first_iso_day or 'cast(' ~ plan_setting('week_start_iso_day') ~ ' as integer)' -%}
{{ plus_days(day, '-((' ~ iso_weekday(day) ~ ' - ' ~ first ~ ' + 7) % 7)') }}
{%- endmacro %}
