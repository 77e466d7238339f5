-- At least 99 % of the lines of the latest day that must carry a property do, where its absence is an error.
{{ missing_on_latest_day(gate_key='required_missing') }}
