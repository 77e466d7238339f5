{# Per product, the latest local day on which something happened: by the time of the event, not by its arrival. #}
{% macro latest_event_dates() -%}
select
    product,
    max(event_date) as event_date
from {{ ref('events') }}
group by product
{%- endmacro %}
