{# What an engine without a body for a macro gets: a compiler error that says where to add it. #}
{% macro no_engine_body(macro_name) -%}
{{ exceptions.raise_compiler_error(
    "macros/engine/" ~ macro_name ~ ".sql has no body for adapter type '" ~ target.type
    ~ "'. Add a macro " ~ target.type ~ "__" ~ macro_name ~ " there."
) }}
{%- endmacro %}
