-- No line of the latest day lacks escalation_level where the plan asks for it.
{{ config(severity='warn') }}
{{ missing_on_latest_day('escalation_level') }}
