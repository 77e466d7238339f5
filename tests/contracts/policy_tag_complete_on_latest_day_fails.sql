-- At least 99 % of the lines of the latest day that must carry policy_tag do.
{{ missing_on_latest_day('policy_tag', gate_key='policy_tag_missing') }}
