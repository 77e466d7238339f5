{# Schemas carry the names that queries use (`marts`, not `main_marts`): a model's own schema, else the target's. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ schema_prefix() ~ custom_schema_name | trim if custom_schema_name else target.schema }}
{%- endmacro %}
