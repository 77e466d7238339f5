-- One row per readable version of a campaign's day of ad spend.
{{ landed_records('blanklogo', 'ad_spend', '', {
    'occurred_at_text': 'date',
    'currency': 'currency',
    'amount_text': 'spend',
}, {
    'raw_event_name': "'ad_spend_recorded'",
}) }}
