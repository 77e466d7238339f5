{# How a time is written: 'offset' (ISO 8601 with Z or an offset), 'naive' (without), 'date', 'epoch_s', 'epoch_ms', 'epoch_us';
   NULL for anything else. Decided by pattern first, because engines read far more than this as a time, each in its own way. #}
{% macro time_kind(text) -%}
{%- set day = '^[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])' -%}
{%- set clock = '[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,9})?)?' -%}
case
    when {{ matches(text, "'" ~ day ~ clock ~ "(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)$'") }} then 'offset'
    when {{ matches(text, "'" ~ day ~ clock ~ "$'") }} then 'naive'
    when {{ matches(text, "'" ~ day ~ "$'") }} then 'date'
    when {{ matches(text, "'^[0-9]{10}([.][0-9]{1,6})?$'") }} then 'epoch_s'
    when {{ matches(text, "'^[0-9]{13}([.][0-9]{1,3})?$'") }} then 'epoch_ms'
    when {{ matches(text, "'^[0-9]{16}$'") }} then 'epoch_us'
end
{%- endmacro %}
