{# A number of the plan: the value of one `plan_settings` row. #}
{% macro plan_setting(setting_key) -%}
(select value from {{ ref('plan_settings') }} where setting_key = '{{ setting_key }}')
{%- endmacro %}
