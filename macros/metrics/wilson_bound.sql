{# One end, 'low' or 'high', of the Wilson interval of a proportion at the plan's `interval_z`; NULL when there were no trials.
   At none or all of the trials that end is 0 or 1 exactly, whatever floating point makes of the square root. #}
{% macro wilson_bound(successes, trials, side) -%}
{%- set k, n, z = 'cast(' ~ successes ~ ' as ' ~ double_type() ~ ')', 'cast(' ~ trials ~ ' as ' ~ double_type() ~ ')', plan_setting('interval_z') -%}
case
    when {{ n }} = 0 then null
    when {{ k }} = {{ '0' if side == 'low' else n }} then {{ '0.0' if side == 'low' else '1.0' }}
    else (
        {{ k }} + {{ z }} * {{ z }} / 2
        {{ '-' if side == 'low' else '+' }} {{ z }} * sqrt({{ k }} * ({{ n }} - {{ k }}) / {{ n }} + {{ z }} * {{ z }} / 4)
    ) / ({{ n }} + {{ z }} * {{ z }})
end
{%- endmacro %}
