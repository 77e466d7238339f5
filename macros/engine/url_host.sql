{# The host of a URL in lower case, without user and port; NULL when there is none (a path, `about:blank`, a name without a dot). #}
{% macro url_host(url) %}{{ return(adapter.dispatch('url_host', 'plumbline')(url)) }}{% endmacro %}

{% macro default__url_host(url) %}{{ no_engine_body('url_host') }}{% endmacro %}

{% macro duckdb__url_host(url) -%}
nullif(regexp_extract(lower({{ url }}), '{{ url_host_pattern() }}', 1), '')
{%- endmacro %}

{% macro clickhouse__url_host(url) -%}
nullIf(extract(lower({{ url }}), '{{ url_host_pattern() }}'), '')
{%- endmacro %}

{% macro url_host_pattern() -%}
^(?:[a-z][a-z0-9+.-]*://|//)?(?:[^/?#@]*@)?([^/?#:@]+[.][^/?#:@]+)
{%- endmacro %}
