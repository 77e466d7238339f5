-- One row per landed line.
select
    product,
    stream,
    file_sha256,
    line_no,
    source_file,
    received_at,
    raw,
    fault,
    -- CSV cells are text whatever they mean, so a number sent as text is no mistake there.
    coalesce({{ matches('source_file', "'(?i)[.]csv([.](gz|zst))?$'") }}, false) as is_text_source
from {{ source('landed', 'lines') }}
