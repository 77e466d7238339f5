{# Text trimmed of white space and in Unicode form NFC; NULL when nothing is left. Case is kept: case variants are alias
   rows of the plan. Most values are clean ASCII and cost two character look-ups. #}
{% macro clean_text(text) %}{{ return(adapter.dispatch('clean_text', 'plumbline')(text)) }}{% endmacro %}

{% macro default__clean_text(text) %}{{ no_engine_body('clean_text') }}{% endmacro %}

{% macro duckdb__clean_text(text) -%}
case
    when ascii({{ text }}) > 32 and ascii(right({{ text }}, 1)) > 32 and strlen({{ text }}) = length({{ text }}) then {{ text }}
    else nullif(regexp_replace(nfc_normalize({{ text }}), '^[\s\x{0B}\x{00A0}\x{3000}]+|[\s\x{0B}\x{00A0}\x{3000}]+$', '', 'g'), '')
end
{%- endmacro %}

{# Trimming takes a set of bytes here, which would cut wide white space and accented letters in half: text beyond ASCII goes
   through a pattern instead. -#}
{% macro clickhouse__clean_text(text) -%}
nullIf(if(
    isValidASCII({{ text }}),
    trimBoth({{ text }}, ' \t\n\x0B\f\r'),
    replaceRegexpAll(
        normalizeUTF8NFC({{ text }}),
        '^[ \\t\\n\\x0B\\f\\r\\x{A0}\\x{3000}]+|[ \\t\\n\\x0B\\f\\r\\x{A0}\\x{3000}]+$',
        ''
    )
), '')
{%- endmacro %}
