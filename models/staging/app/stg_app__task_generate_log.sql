-- One row per readable line of the generation log.
{{ landed_records('app', 'task_generate_log', '', {
    'event_id': 'event_id',
    'user_id': 'user_id',
    'task_id': 'task_id',
    'occurred_at_text': 'created_at',
    'task_type': 'task_type',
    'tokens_text': 'token_consumed',
    'model': 'model',
    'failure_code': 'error_code',
}, {
    'raw_event_name': "'task_logged'",
}) }}
