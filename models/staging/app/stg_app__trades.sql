-- One row per readable version of a trade. A processor that tells of a transaction again tells of the same trade; two
-- processors may give the same id. Only a successful trade must say when it was paid; any other takes its arrival.
{%- set sent = {} %}
{%- for property in ['trade_type', 'payment_status', 'paid_at'] %}
{%- do sent.update({property: clean_text(json_text('lines.record', "''", "'" ~ property ~ "'"))}) %}
{%- endfor %}
{{ landed_records('app', 'trades', '', {
    'user_id': 'user_id',
    'currency': 'currency',
    'amount_text': 'amount',
    'refunded_amount_text': 'refunded_amount',
    'refunded_at_text': 'refunded_at',
    'processor': 'processor',
}, {
    'order_id': "coalesce(" ~ identifier(json_text('lines.record', "''", "'processor'")) ~ " || '/', '') || "
        ~ identifier(json_text('lines.record', "''", "'trade_id'")),
    'raw_event_name': "case when " ~ sent['trade_type'] ~ " in " ~ plan_spellings('app', 'trade_type', ['refund'])
        ~ " then 'refund_recorded' else 'trade_recorded' end",
    'occurred_at_text': "case when " ~ sent['payment_status'] ~ " in " ~ plan_spellings('app', 'payment_status', ['pending', 'failed'])
        ~ " then coalesce(" ~ sent['paid_at'] ~ ", " ~ timestamp_text('lines.received_at') ~ ") else "
        ~ sent['paid_at'] ~ " end",
}) }}
