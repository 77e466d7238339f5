-- No line of the latest day lacks policy_tag where the plan asks for it.
{{ config(severity='warn') }}
{{ missing_on_latest_day('policy_tag') }}
