"""The landed folder: one Parquet file per part of a received file, and the manifest of all received files."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from plumbline.errors import PlumblineError
from plumbline.land.drop import RawFile
from plumbline.land.lines import MAX_LINE, Batch
from plumbline.land.verdict import faults_of
from plumbline.paths import DataPaths

LINES = pa.schema(
    {
        "product": pa.string(),
        "stream": pa.string(),
        "source_file": pa.string(),
        "file_sha256": pa.string(),
        "line_no": pa.int64(),
        "received_at": pa.timestamp("us"),
        "raw": pa.string(),
        "raw_hex": pa.string(),
        "fault": pa.string(),
    }
)
FILES = pa.schema(
    {
        "product": pa.string(),
        "stream": pa.string(),
        "source_file": pa.string(),
        "file_sha256": pa.string(),
        "received_at": pa.timestamp("us"),
        "bytes": pa.int64(),
        "lines": pa.int64(),
        "status": pa.string(),
        "reason": pa.string(),
    }
)
ROW_GROUP = 122_880  # lines; one DuckDB row group
ROW_GROUP_BYTES = 64 * 2**20  # of text, whichever comes first
PARTIAL = ".partial"  # files with this ending are being written, or are left from a landing that was killed

_OF_FILE = ["product", "stream", "source_file", "file_sha256"]
_STORED = pa.schema(
    [
        field.with_type(pa.dictionary(pa.int32(), pa.string())) if field.name in _OF_FILE else field
        for field in LINES
    ]
)


def ensure_landed_dir(paths: DataPaths) -> None:
    """Makes the landed folder with zero-row files, so that it can be queried before anything has landed."""
    for path, schema in ((paths.landed / "_none/_none/empty.parquet", LINES), (_manifest(paths), FILES)):
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _write_whole(schema.empty_table(), path)


@contextmanager
def one_landing(paths: DataPaths) -> Iterator[None]:
    """Waits until no other process lands here, and removes what a killed landing left half-written."""
    with (paths.landed / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for path in paths.landed.glob(f"**/*{PARTIAL}"):
            path.unlink()
        yield


def read_manifest(paths: DataPaths) -> list[dict[str, Any]]:
    """One row per received file; those whose landed lines are gone are left out, with their copies."""
    try:
        rows = pq.read_table(_manifest(paths), schema=FILES).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise PlumblineError(
            f"The file manifest {_manifest(paths)} cannot be read: remove {paths.landed} and land again."
        ) from error
    landed = (row for row in rows if row["status"] == "landed")
    present = {identity(row) for row in landed if part_path(paths, row, 0).exists()}
    return [row for row in rows if row["status"] == "unreadable" or identity(row) in present]


def write_manifest(paths: DataPaths, rows: list[dict[str, Any]]) -> None:
    """Replaces the manifest, at once."""
    order = [(name, "ascending") for name in ("product", "stream", "source_file", "file_sha256")]
    _write_whole(pa.Table.from_pylist(rows, schema=FILES).sort_by(order), _manifest(paths))


def identity(row: dict[str, Any]) -> tuple[str, str, str]:
    """What makes a file the same file: its product, stream and bytes."""
    return row["product"], row["stream"], row["file_sha256"]


def part_path(paths: DataPaths, row: dict[str, Any], part: int) -> Path:
    """Where a part of a file lands."""
    return paths.landed / row["product"] / row["stream"] / f"{row['file_sha256']}-{part:05d}.parquet"


def show_parts(parts: list[Path]) -> None:
    """Gives the written parts of one whole file the names by which they are found."""
    sha256 = parts[0].name.split("-")[0]
    for stale in parts[0].parent.glob(f"{sha256}-*.parquet"):
        stale.unlink()  # a landing was killed between here and the manifest
    for path in parts:
        os.replace(partial(path), path)


def partial(path: Path) -> Path:
    """The name of a file that is being written."""
    return path.with_name(path.name + PARTIAL)


class LineWriter:
    """Writes the lines of one part of a file, in row groups, under its partial name."""

    def __init__(self, path: Path, file: RawFile, sha256: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = [file.product, file.stream, file.source_file, sha256]
        self._received_at = pa.scalar(file.received_at, pa.timestamp("us"))
        repeated = [*_OF_FILE, "received_at", "fault"]
        self._writer = pq.ParquetWriter(
            partial(path),
            _STORED,
            compression="snappy",  # zstd: half the size, 1.5 times the time to write and to scan
            use_dictionary=repeated,
            column_encoding={"line_no": "DELTA_BINARY_PACKED"},
            write_statistics=[*repeated, "line_no"],
            store_schema=False,
        )
        self._held: list[pa.Table] = []
        self.lines = 0

    def __enter__(self) -> LineWriter:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        if not error:
            self._write_row_group()
        self._writer.close()

    def write(self, batch: Batch) -> None:
        """Judges a batch of lines and adds it."""
        table = _judged_lines(batch)
        rows = sum(map(len, self._held)) + len(table)
        if rows > ROW_GROUP or sum(held.nbytes for held in self._held) > ROW_GROUP_BYTES:
            self._write_row_group()
        self._held.append(table)
        self.lines += len(table)

    def _write_row_group(self) -> None:
        if self._held:
            lines = pa.concat_tables(self._held)
            every_line = pa.repeat(pa.scalar(0, pa.int32()), len(lines))
            file = [pa.DictionaryArray.from_arrays(every_line, [text]) for text in self._file]
            received_at = pa.repeat(self._received_at, len(lines))
            line_no, *rest = lines.columns
            table = pa.table([*file, line_no, received_at, *rest], schema=_STORED)
            self._writer.write_table(table, row_group_size=ROW_GROUP)
            self._held.clear()


def _judged_lines(batch: Batch) -> pa.Table:
    """The columns line_no, raw, raw_hex and fault."""
    count, faults = len(batch.lines), _faults(batch)
    raw, raw_hex, fault = batch.lines, pa.nulls(count, pa.string()), pa.nulls(count, pa.string())
    if faults:
        hexed = {at: raw[at].hex() for at, reason in faults.items() if reason == "invalid_utf8"}
        raw = [
            None if faults.get(at) in ("invalid_utf8", "line_too_long") else line
            for at, line in enumerate(raw)
        ]
        raw_hex = pa.array([hexed.get(at) for at in range(count)], pa.string())
        fault = pa.array([faults.get(at) for at in range(count)], pa.string())
    text = pa.array(raw, pa.binary()).cast(pa.string())
    return pa.table({"line_no": pa.array(batch.line_nos), "raw": text, "raw_hex": raw_hex, "fault": fault})


def _faults(batch: Batch) -> dict[int, str]:
    """Position → fault of every unusable line of a batch."""
    faults = dict(batch.faults)
    if max(map(len, batch.lines)) > MAX_LINE:
        faults |= {at: "line_too_long" for at, line in enumerate(batch.lines) if len(line) > MAX_LINE}
    if not faults:
        return faults_of(batch.lines)
    rest = [at for at in range(len(batch.lines)) if at not in faults]
    return faults | {rest[at]: fault for at, fault in faults_of([batch.lines[at] for at in rest]).items()}


def _manifest(paths: DataPaths) -> Path:
    return paths.landed / "files.parquet"


def _write_whole(table: pa.Table, path: Path) -> None:
    beside = path.with_name(f"{path.name}.{os.getpid()}")  # any process may do this at any time
    pq.write_table(table, beside)
    os.replace(beside, path)
