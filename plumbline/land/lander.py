"""Lands a raw drop: hash, read and judge every new file, show its lines, tell the manifest."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from plumbline.errors import PlumblineError
from plumbline.land.drop import RawFile, raw_files
from plumbline.land.landed import (
    LineWriter,
    ensure_landed_dir,
    identity,
    one_landing,
    part_path,
    partial,
    read_manifest,
    show_parts,
    write_manifest,
)
from plumbline.land.lines import (
    Batch,
    FaultyFile,
    Span,
    Survey,
    line_batches,
    plain_blocks,
    survey,
    unpacked_blocks,
    without_mark,
)
from plumbline.land.tables import csv_batches, parquet_batches
from plumbline.paths import DataPaths

WORKERS = min(os.cpu_count() or 1, 8)
MANY_BYTES = 32 * 2**20  # from here on processes gain more than it takes to start them

Progress = Callable[[str, int, int], None]
Row = dict[str, Any]


@dataclass(frozen=True)
class LandResult:
    """What one landing added: files and lines; new files that are unreadable or landed before; seconds."""

    files: int
    lines: int
    unreadable: int
    already_landed: int
    seconds: float


def land(paths: DataPaths, progress: Progress | None = None) -> LandResult:
    """Lands what is new in `paths.raw`: bytes that a stream has landed before add nothing, under any name.

    Every received file gets a row in the manifest, also one that cannot be read. A file shows wholly or not
    at all, also when the landing is stopped. `progress` is called with (file, files done, files in the drop).
    Raises PlumblineError when a file cannot be opened or the landed folder cannot be written.
    """
    started = time.perf_counter()
    try:
        ensure_landed_dir(paths)
        with one_landing(paths):
            rows = _land(paths, progress or (lambda file, done, total: None))
    except OSError as error:
        raise PlumblineError(
            f"Cannot land {error.filename or paths.raw}: {error.strerror or error}. "
            "Mend that and land again; what has landed stays."
        ) from error
    except BrokenProcessPool as error:
        raise PlumblineError(
            f"Landing {paths.raw} was stopped from outside, perhaps for want of memory: land again; "
            "what has landed stays."
        ) from error
    statuses = [row["status"] for row in rows]
    return LandResult(
        files=statuses.count("landed"),
        lines=sum(row["lines"] for row in rows),
        unreadable=statuses.count("unreadable"),
        already_landed=statuses.count("already_landed"),
        seconds=time.perf_counter() - started,
    )


@dataclass(frozen=True)
class _Received:
    """A received file and what its manifest row says before it is read."""

    file: RawFile
    survey: Survey

    @property
    def row(self) -> Row:
        return {
            "product": self.file.product,
            "stream": self.file.stream,
            "source_file": self.file.source_file,
            "file_sha256": self.survey.sha256,
            "received_at": self.file.received_at,
            "bytes": self.survey.size,
            "lines": 0,
        }


def _land(paths: DataPaths, progress: Progress) -> list[Row]:
    """Lands the drop and returns the manifest rows that are new."""
    manifest = read_manifest(paths)
    known = {(*identity(row), row["source_file"]) for row in manifest}
    landed = {identity(row) for row in manifest if row["status"] == "landed"}
    files = raw_files(paths.raw, landed_at=datetime.now(UTC).replace(tzinfo=None))
    with ThreadPoolExecutor(WORKERS) as threads:
        surveys = threads.map(_survey, files)
        received = [_Received(*pair) for pair in zip(files, surveys, strict=True)]
    new = [one for one in received if (*identity(one.row), one.file.source_file) not in known]
    rows: list[Row] = []
    workers = _workers(sum(one.survey.size for one in new))
    try:
        for row in _new_rows(paths, new, landed, workers):
            rows.append(row)
            progress(row["source_file"], len(files) - len(new) + len(rows), len(files))
    finally:
        workers.shutdown(cancel_futures=True)
        if rows:
            write_manifest(paths, manifest + rows)
    return rows


def _survey(file: RawFile) -> Survey:
    return survey(file.path, splittable=_kind(file.path) == ("", "lines"))


def _workers(size: int) -> Executor:
    """Processes when there are many bytes to land, else threads."""
    if size < MANY_BYTES:
        return ThreadPoolExecutor(WORKERS)
    return ProcessPoolExecutor(WORKERS, initializer=_begin_worker)


def _begin_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears it too, and stops its workers
    pa.set_memory_pool(pa.system_memory_pool())  # a fifth faster here: it keeps freed memory at hand


def _new_rows(
    paths: DataPaths, new: list[_Received], landed: set[tuple[str, str, str]], workers: Executor
) -> Iterator[Row]:
    """Lands new files and yields their manifest rows; copies wait for the verdict on the first one."""
    while new:
        first: dict[tuple[str, str, str], _Received] = {}
        copies = []
        for one in new:
            if identity(one.row) in landed:
                yield one.row | {"status": "already_landed", "reason": "already_landed"}
            elif first.setdefault(identity(one.row), one) is not one:
                copies.append(one)
        for row in _landed_rows(paths, first.values(), workers):
            if row["status"] == "landed":
                landed.add(identity(row))
            yield row
        new = copies


def _landed_rows(paths: DataPaths, files: Iterable[_Received], workers: Executor) -> Iterator[Row]:
    """Lands files side by side and yields their manifest rows in order."""
    tasks: list[tuple[Row, list[Path], list[Future[int]]]] = []
    for one in files:
        parts = [part_path(paths, one.row, number) for number in range(len(one.survey.spans))]
        counts = [
            workers.submit(_land_part, path, one.file, one.survey.sha256, span)
            for path, span in zip(parts, one.survey.spans, strict=True)
        ]
        tasks.append((one.row, parts, counts))
    for row, parts, counts in tasks:
        faults = [error for count in counts if isinstance(error := count.exception(), FaultyFile)]
        if faults:
            for path in parts:
                partial(path).unlink(missing_ok=True)
            yield row | {"status": "unreadable", "reason": str(faults[0])}
        else:
            lines = sum(count.result() for count in counts)
            show_parts(parts)
            yield row | {"status": "landed", "reason": None, "lines": lines}


def _land_part(path: Path, file: RawFile, sha256: str, span: Span) -> int:
    """Writes one part under its partial name; returns the number of its lines. Raises FaultyFile."""
    with file.path.open("rb") as stream, LineWriter(path, file, sha256) as writer:
        for batch in _batches(stream, file.path, span):
            writer.write(batch)
    return writer.lines


def _batches(stream: BinaryIO, path: Path, span: Span) -> Iterator[Batch]:
    if span.start == span.end:
        raise FaultyFile("empty_file")
    packing, kind = _kind(path)
    if kind == "parquet":
        return parquet_batches(stream)
    blocks = unpacked_blocks(stream, packing) if packing else plain_blocks(stream, span)
    if span.start == 0:
        blocks = without_mark(blocks)
    return csv_batches(blocks) if kind == "csv" else line_batches(blocks, span.line_no)


def _kind(path: Path) -> tuple[str, str]:
    """The packing of a file (gzip, zstd or none) and what is in it: csv, parquet, else lines."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    packing = {".gz": "gzip", ".zst": "zstd"}.get(suffixes[-1], "") if suffixes else ""
    inner = suffixes[:-1] if packing else suffixes
    kind = {".csv": "csv", ".parquet": "parquet"}.get(inner[-1], "lines") if inner else "lines"
    return packing, kind
