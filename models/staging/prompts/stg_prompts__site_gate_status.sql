-- One row per readable change of the site gate.
{{ landed_records('prompts', 'site_gate_status', '', {
    'occurred_at_text': 'updated_at',
}, {
    'raw_event_name': "'site_gate_recorded'",
}) }}
