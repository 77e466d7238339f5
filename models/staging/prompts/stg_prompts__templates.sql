-- One row per readable version of a prompt template. A version without a creation time takes its arrival.
{{ landed_records('prompts', 'templates', '', {
    'template_id': 'id',
}, {
    'raw_event_name': "'template_recorded'",
    'occurred_at_text': 'coalesce(' ~ json_text('lines.record', "''", "'created_at'") ~ ", " ~ timestamp_text('lines.received_at') ~ ")",
}) }}
