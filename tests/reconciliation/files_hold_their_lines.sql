-- The lines of every received file are those that landed from it; a file that is unreadable or came before has none.
with landed as (
    select
        product,
        stream,
        file_sha256,
        count(*) as landed_lines
    from {{ ref('landed_lines') }}
    group by product, stream, file_sha256
),

files as (
    select
        product,
        stream,
        file_sha256,
        sum(lines) as told_lines
    from {{ ref('file_status') }}
    group by product, stream, file_sha256
)

select
    files.product,
    files.stream,
    files.file_sha256,
    files.told_lines,
    landed.landed_lines
from files
left join landed
    on
        files.product = landed.product
        and files.stream = landed.stream
        and files.file_sha256 = landed.file_sha256
where files.told_lines <> coalesce(landed.landed_lines, 0)
union all
select
    landed.product,
    landed.stream,
    landed.file_sha256,
    0 as told_lines,
    landed.landed_lines
from landed
left join files
    on
        landed.product = files.product
        and landed.stream = files.stream
        and landed.file_sha256 = files.file_sha256
where files.file_sha256 is null
