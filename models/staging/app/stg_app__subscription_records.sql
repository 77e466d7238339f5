-- One row per readable version of a subscription.
{{ landed_records('app', 'subscription_records', '', {
    'user_id': 'user_id',
    'order_id': 'subscription_id',
    'occurred_at_text': 'start_date',
    'currency': 'currency',
    'amount_text': 'monthly_fee',
}, {
    'raw_event_name': "'subscription_recorded'",
}) }}
