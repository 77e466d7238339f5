-- One row per readable line of landing/events: the landing funnel, licences, tasks and risk alerts.
{{ landed_records('landing', 'events', 'payload', {
    'event_id': 'event_id',
    'user_id': 'payload.user_id',
    'session_id': 'payload.session_id',
    'account_id': 'payload.account_id',
    'template_id': 'payload.template_id',
    'task_id': 'payload.task_id',
    'occurred_at_text': 'event_time',
    'raw_event_name': 'event_name',
    'channel': 'payload.source_channel',
    'variant': 'payload.ab_bucket',
    'policy_tag': 'payload.policy_tag',
    'action_required': 'payload.action_required',
    'risk_level': 'payload.risk_level',
    'escalation_level': 'payload.escalation_level',
    'failure_code': 'payload.failure_code',
}) }}
