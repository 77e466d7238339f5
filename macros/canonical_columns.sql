{# The canonical columns that a staging model fills and the union lists, in order. Everything is text as sent (NULL when the
   stream has no such field); types, trimming and verdicts come after the union. A property that a metric needs is one more
   name here and one more path in the staging models that carry it. #}
{% macro canonical_columns() %}
{{ return([
    'event_id', 'user_id', 'anonymous_id', 'session_id', 'account_id', 'template_id', 'task_id', 'order_id',
    'occurred_at_text', 'client_time_text',
    'raw_event_name', 'sent_from', 'environment', 'task_type', 'channel', 'referrer', 'campaign', 'variant', 'currency',
    'policy_tag', 'action_required', 'risk_level', 'escalation_level',
    'amount_text', 'amount_minor_text', 'charged_minor_text', 'refunded_amount_text', 'is_trial_text', 'refunded_at_text',
    'tokens_text', 'model', 'failure_code', 'failure_reason', 'job_mode', 'job_platform', 'click_id',
    'subscription_id', 'plan_name', 'billing_period', 'subscription_status', 'ends_at_text', 'processor',
]) }}
{% endmacro %}

{# Which landed line a row speaks of. A file is known by product, stream and the hash of its bytes. #}
{% macro line_key() %}{{ return(['product', 'stream', 'file_sha256', 'line_no']) }}{% endmacro %}

{# Columns of one relation, each under its own name. After several joins an engine may name `a.product` so, and not `product`,
   when another joined relation has a column of that name: such a column says its name. #}
{% macro columns_of(relation, columns) -%}
{% for column in columns %}{{ relation }}.{{ column }} as {{ column }}{% if not loop.last %}, {% endif %}{% endfor %}
{%- endmacro %}

{# `a.product = b.product and ...`: both sides speak of the same landed line. #}
{% macro same_line(left, right) -%}
{% for column in line_key() %}{{ left }}.{{ column }} = {{ right }}.{{ column }}{% if not loop.last %} and {% endif %}{% endfor %}
{%- endmacro %}
