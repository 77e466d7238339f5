-- One row per readable line that has to be mended or remarked on before its columns can be read: keys under another name,
-- keys that the plan does not know, properties that lie flat, or a container that is not an object. Most lines are not here.
{{ config(materialized='table') }}

with landed as (
    select * from {{ ref('landed_lines') }}
),

streams as (
    select
        product,
        stream,
        coalesce(container, '') as container,
        may_be_flat
    from {{ ref('plan_streams') }}
),

planned as (
    select
        product,
        {{ sorted_list('property') }} as planned_keys
    from (select distinct product, property from {{ ref('plan_properties') }}) as properties
    group by product
),

aliases as (
    select * from {{ ref('plan_property_aliases') }}
),

keyed as (
    select
        {% for column in line_key() %}landed.{{ column }},
        {% endfor -%}
        landed.raw,
        streams.container,
        streams.may_be_flat,
        planned.planned_keys,
        {{ json_object_keys('landed.raw', 'streams.container') }} as keys
    from landed
    inner join streams on landed.product = streams.product and landed.stream = streams.stream
    inner join planned on landed.product = planned.product
    where landed.fault is null
),

suspected as (
    select
        *,
        case when container <> '' then {{ json_fragment('raw', "''", 'container') }} end as contained
    from keyed
    where
        (keys is null and may_be_flat)
        or {{ list_size('keys') }} = 0
        or not {{ list_has_every('planned_keys', 'keys') }}
),

shaped as (
    select
        *,
        container <> '' and may_be_flat and coalesce(contained, 'null') = 'null' as is_flat,
        container <> '' and coalesce(contained, 'null') <> 'null' and substr(contained, 1, 1) <> '{' as is_bad_container
    from suspected
),

nested as (
    select
        *,
        -- A flat record keeps its envelope and gets a copy of itself as the container.
        case
            when is_flat then {{ json_patched('raw', """'{\"' || container || '\":' || raw || '}'""") }}
            else raw
        end as record,
        {{ list_minus('case when is_flat then ' ~ json_object_keys('raw', "''") ~ ' else keys end', 'planned_keys') }} as foreign_keys,
        case when is_flat then {{ json_object_keys('raw', "''") }} else keys end as sent_keys
    from shaped
),

foreign_properties as (
    select
        {% for column in line_key() %}{{ column }},
        {% endfor -%}
        record,
        container,
        sent_keys,
        {{ list_items('foreign_keys') }} as foreign_key
    from nested
),

renamed as (
    select
        {% for column in line_key() %}foreign_properties.{{ column }},
        {% endfor -%}
        {{ sorted_list('foreign_properties.foreign_key') }} as renamed_keys,
        -- When both spellings were sent, the canonical one stays.
        {{ joined_text(
            "'\"' || foreign_properties.foreign_key || '\":null' || case when "
            ~ list_has('foreign_properties.sent_keys', 'aliases.property')
            ~ " then '' else ',\"' || aliases.property || '\":' || "
            ~ json_fragment('foreign_properties.record', 'foreign_properties.container', 'foreign_properties.foreign_key')
            ~ " end",
            ',',
            'foreign_properties.foreign_key'
        ) }} as patch
    from foreign_properties
    inner join aliases
        on
            foreign_properties.product = aliases.product
            and foreign_properties.foreign_key = aliases.raw_property
    group by {% for column in line_key() %}foreign_properties.{{ column }}{% if not loop.last %}, {% endif %}{% endfor %}
),

mended as (
    select
        {% for column in line_key() %}nested.{{ column }},
        {% endfor -%}
        nested.is_flat,
        nested.is_bad_container,
        case
            when renamed.patch is null then nested.record
            when nested.container = '' then {{ json_patched('nested.record', "'{' || renamed.patch || '}'") }}
            else {{ json_patched('nested.record', """'{\"' || nested.container || '\":{' || renamed.patch || '}}'""") }}
        end as record,
        renamed.renamed_keys,
        case
            when renamed.renamed_keys is null then nested.foreign_keys
            else {{ list_minus('nested.foreign_keys', 'renamed.renamed_keys') }}
        end as unplanned_keys
    from nested
    left join renamed on {{ same_line('nested', 'renamed') }}
)

select * from mended
