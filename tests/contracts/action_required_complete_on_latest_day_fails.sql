-- At least 99 % of the lines of the latest day that must carry action_required do.
{{ missing_on_latest_day('action_required', gate_key='action_required_missing') }}
