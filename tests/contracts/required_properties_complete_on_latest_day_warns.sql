-- No line of the latest day lacks a property whose absence is an error.
{{ config(severity='warn') }}
{{ missing_on_latest_day() }}
