-- One row per readable line of the user action log.
{{ landed_records('app', 'user_action_log', '', {
    'event_id': 'event_id',
    'user_id': 'user_id',
    'task_id': 'task_id',
    'occurred_at_text': 'created_at',
}, {
    'raw_event_name': "'action_logged'",
}) }}
