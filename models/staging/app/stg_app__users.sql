-- One row per readable version of an app user.
{{ landed_records('app', 'users', '', {
    'user_id': 'user_id',
    'occurred_at_text': 'registration_date',
    'channel': 'utm_source',
    'referrer': 'referrer',
}, {
    'raw_event_name': "'user_registered'",
}) }}
