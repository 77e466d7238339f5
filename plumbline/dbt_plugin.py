"""dbt-duckdb plugin: plain `dbt` works on a fresh clone, before anything has landed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin


class Plugin(BasePlugin):
    """Makes the landed folder (zero-row files) and the warehouse folder exist before dbt connects."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Runs once per dbt process, before the database file is opened."""
        root = Path(os.environ.get("PLUMBLINE_DATA", "data"))
        (root / "warehouse").mkdir(parents=True, exist_ok=True)
        _ensure_landed(root / "landed")


def _ensure_landed(landed: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    text, moment, whole = pa.string(), pa.timestamp("us"), pa.int64()
    lines = {
        "product": text, "stream": text, "source_file": text, "file_sha256": text, "line_no": whole,
        "received_at": moment, "raw": text, "raw_hex": text, "fault": text,
    }  # fmt: skip
    files = {
        "product": text, "stream": text, "source_file": text, "file_sha256": text, "received_at": moment,
        "bytes": whole, "lines": whole, "status": text, "reason": text,
    }  # fmt: skip
    for path, columns in ((landed / "_none/_none/empty.parquet", lines), (landed / "files.parquet", files)):
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(pa.schema(columns.items()).empty_table(), path)
