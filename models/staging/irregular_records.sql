-- One row per readable line that has to be mended or remarked on before its columns can be read: keys under another name,
-- keys that the plan does not know, properties that lie flat, or a container that is not an object. Most lines are not here.
{{ config(materialized='table') }}

with streams as (
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

-- Lines of one file come in few shapes (lists of keys): a shape is compared with the plan once, not line by line.
shapes as (
    select
        landed.product,
        landed.stream,
        landed.file_sha256,
        streams.container,
        streams.may_be_flat,
        {{ json_object_keys('landed.raw', 'streams.container') }} as keys,
        min(landed.line_no) as first_line,
        max(landed.line_no) as last_line
    -- Not a shared CTE: that would write every line out before it is read twice.
    from {{ ref('landed_lines') }} as landed
    inner join streams on landed.product = streams.product and landed.stream = streams.stream
    where landed.fault is null
    group by
        landed.product, landed.stream, landed.file_sha256, streams.container, streams.may_be_flat,
        {{ json_object_keys('landed.raw', 'streams.container') }}
),

irregular_shapes as (
    select
        shapes.*,
        planned.planned_keys
    from shapes
    inner join planned on shapes.product = planned.product
    where
        {{ list_size('shapes.keys') }} = 0
        or not {{ list_has_every('planned.planned_keys', 'shapes.keys') }}
),

suspected as (
    select
        {% for column in line_key() %}landed.{{ column }},
        {% endfor -%}
        landed.raw,
        irregular_shapes.container,
        irregular_shapes.may_be_flat,
        irregular_shapes.planned_keys,
        irregular_shapes.keys,
        case
            when irregular_shapes.container <> '' then {{ json_fragment('landed.raw', "''", 'irregular_shapes.container') }}
        end as contained
    from {{ ref('landed_lines') }} as landed
    inner join irregular_shapes
        on
            landed.product = irregular_shapes.product
            and landed.stream = irregular_shapes.stream
            and landed.file_sha256 = irregular_shapes.file_sha256
            and landed.line_no between irregular_shapes.first_line and irregular_shapes.last_line
    where
        landed.fault is null
        and {{ json_object_keys('landed.raw', 'irregular_shapes.container') }} = irregular_shapes.keys
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
            when is_flat and {{ list_size(json_object_keys('raw', "''")) }} = 0 then '{"' || container || '":{}}'
            when is_flat then '{"' || container || '":' || raw || ',' || substr(raw, position('{' in raw) + 1)
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
