-- One row per readable version of a day of the non-prompt baseline.
{{ landed_records('prompts', 'app_metrics_daily', '', {
    'occurred_at_text': 'date',
}, {
    'raw_event_name': "'baseline_recorded'",
}) }}
