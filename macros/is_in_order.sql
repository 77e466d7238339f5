{# Whether a raw JSON value obeys its rule beyond doubt: a cheap look that lets most values pass, so that only the rest are
   unquoted, cleaned and classified. Over rows that carry the columns of `plan_event_rules`. #}
{% macro is_in_order(fragment) -%}
{%- set begins_plainly -%}
ascii({{ fragment }}) = 34 and ascii(substr({{ fragment }}, 2, 1)) between 35 and 126 and substr({{ fragment }}, 2, 1) <> '\\'
{%- endset -%}
{%- set is_in_range -%}
ascii({{ fragment }}) <> 34
        and {{ try_number(fragment) }} >= coalesce(min_value, -1e308)
        and {{ try_number(fragment) }} <= coalesce(max_value, 1e308)
{%- endset -%}
case type
    when 'id' then {{ begins_plainly }} and pattern is null and not {{ suspected_pii(fragment) }}
    when 'text' then {{ begins_plainly }} and pattern is null and not {{ suspected_pii(fragment) }}
    when 'enum' then {{ list_has('allowed_fragments', fragment) }}
    when 'boolean' then {{ fragment }} in ('true', 'false')
    when 'number' then {{ is_in_range }}
    when 'integer' then {{ is_in_range }}
        and {{ try_number(fragment) }} = floor({{ try_number(fragment) }})
    when 'object' then ascii({{ fragment }}) = 123
    when 'array' then ascii({{ fragment }}) = 91
    -- Longer than any spelling of "nobody".
    when 'envelope' then {{ begins_plainly }} and length({{ fragment }}) > 11
    else false
end
{%- endmacro %}
