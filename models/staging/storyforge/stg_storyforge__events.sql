-- One row per readable line of storyforge/events. The server's clock counts; the client's stands in when it is missing.
{{ landed_records('storyforge', 'events', 'properties', {
    'event_id': 'event_id',
    'user_id': 'user_id',
    'session_id': 'session_id',
    'task_id': 'properties.scene_id',
    'order_id': 'properties.payment_id',
    'occurred_at_text': 'server_ts',
    'client_time_text': 'client_ts',
    'raw_event_name': 'event',
    'channel': 'properties.source',
    'currency': 'properties.currency',
    'amount_text': 'properties.amount',
    'plan_name': 'properties.plan',
}) }}
