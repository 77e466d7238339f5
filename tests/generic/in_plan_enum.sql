{# Every value of the column is one of the plan's enum values. #}
{% test in_plan_enum(model, column_name, enum_name) %}
select {{ column_name }} as out_of_range_value, count(*) as occurrences
from {{ model }}
where
    {{ column_name }} is not null
    and {{ column_name }} not in (
        select value from {{ ref('plan_enum_values') }} where enum_name = '{{ enum_name }}'
    )
group by {{ column_name }}
{% endtest %}
