-- One row per readable line of blanklogo/events, the canonical envelope or its flat variant.
{{ landed_records('blanklogo', 'events', 'properties', {
    'event_id': 'event_id',
    'user_id': 'user_id',
    'anonymous_id': 'distinct_id',
    'session_id': 'session_id',
    'task_id': 'properties.job_id',
    'order_id': 'properties.order_id',
    'occurred_at_text': 'timestamp',
    'raw_event_name': 'event',
    'sent_from': 'source',
    'environment': 'environment',
    'channel': 'properties.utm_source',
    'variant': 'properties.experiment_variant',
    'currency': 'properties.currency',
    'amount_text': 'properties.price',
    'is_trial_text': 'properties.is_trial',
}) }}
