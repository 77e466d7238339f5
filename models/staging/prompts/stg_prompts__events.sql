-- One row per readable line of prompts/events: something happened to a prompt template.
{{ landed_records('prompts', 'events', 'props', {
    'event_id': 'event_id',
    'user_id': 'user_id',
    'session_id': 'session_id',
    'template_id': 'prompt_template_id',
    'task_id': 'request_id',
    'occurred_at_text': 'occurred_at',
    'raw_event_name': 'event_type',
    'variant': 'variant_label',
    'currency': 'props.currency',
    'amount_minor_text': 'revenue_cents',
    'charged_minor_text': 'props.amount_cents',
    'failure_code': 'props.error_code',
}) }}
