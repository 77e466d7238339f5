-- No line of the latest day lacks action_required where the plan asks for it.
{{ config(severity='warn') }}
{{ missing_on_latest_day('action_required') }}
