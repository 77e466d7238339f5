-- One row per received file.
select
    product,
    stream,
    source_file,
    file_sha256,
    received_at,
    bytes,
    lines,
    status,
    reason
from {{ source('landed', 'files') }}
