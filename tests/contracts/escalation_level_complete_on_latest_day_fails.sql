-- At least 99 % of the lines of the latest day that must carry escalation_level do.
{{ missing_on_latest_day('escalation_level', gate_key='escalation_level_missing') }}
