-- One row per readable version of a subscription. Without an id, its user, type and start stand in for one, so that a
-- later version supersedes an earlier one.
{%- set stand_in = [] %}
{%- for property in ['user_id', 'subscription_type', 'start_date'] %}
{%- do stand_in.append(identifier(json_text('lines.record', "''", "'" ~ property ~ "'"))) %}
{%- endfor %}
{{ landed_records('app', 'subscription_records', '', {
    'user_id': 'user_id',
    'occurred_at_text': 'start_date',
    'currency': 'currency',
    'amount_text': 'monthly_fee',
    'plan_name': 'subscription_type',
    'subscription_status': 'status',
    'ends_at_text': 'end_date',
}, {
    'raw_event_name': "'subscription_recorded'",
    'order_id': "coalesce(" ~ identifier(json_text('lines.record', "''", "'subscription_id'")) ~ ", " ~ stand_in | join(" || '/' || ") ~ ")",
}) }}
