{# Whether a text looks like a Chinese mobile number, an e-mail address or a WeChat id. Digits inside a longer
   number or hash do not count. #}
{% macro suspected_pii(text) -%}
{{ matches(text, "'(^|[^0-9A-Za-z])([+]?86)?1[3-9][0-9]{9}($|[^0-9A-Za-z])|[^@[:space:]]@[^@[:space:]]+[.][A-Za-z]{2}|wxid_[A-Za-z0-9_-]{5}'") }}
{%- endmacro %}
