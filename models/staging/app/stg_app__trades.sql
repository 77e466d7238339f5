-- One row per readable version of a trade. Only a successful trade must say when it was paid; any other takes its arrival.
{{ landed_records('app', 'trades', '', {
    'user_id': 'user_id',
    'order_id': 'trade_id',
    'currency': 'currency',
    'amount_text': 'amount',
    'refunded_at_text': 'refunded_at',
}, {
    'raw_event_name': "case when " ~ json_text('lines.record', "''", "'trade_type'") ~ " = 'refund' then 'refund_recorded' else 'trade_recorded' end",
    'occurred_at_text': "case when " ~ json_text('lines.record', "''", "'payment_status'") ~ " in ('pending', 'failed') then coalesce("
        ~ json_text('lines.record', "''", "'paid_at'") ~ ", cast(lines.received_at as " ~ dbt.type_string() ~ ") || 'Z') else "
        ~ json_text('lines.record', "''", "'paid_at'") ~ " end",
}) }}
