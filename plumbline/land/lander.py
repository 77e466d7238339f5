"""Lands a raw drop: hash, read and judge every new file, in threads; then show it and tell the manifest.

Threads suffice: hashing, unpacking, comparing keys and writing Parquet all run without the interpreter lock.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

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

Progress = Callable[[str, int, int], None]


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

    Every received file gets a row in the manifest, also one that cannot be read. A file shows wholly or not at
    all, also when the landing is stopped. `progress` is called with (file, files done, files in the drop).
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
    statuses = [row["status"] for row in rows]
    return LandResult(
        files=statuses.count("landed"),
        lines=sum(row["lines"] for row in rows),
        unreadable=statuses.count("unreadable"),
        already_landed=statuses.count("already_landed"),
        seconds=time.perf_counter() - started,
    )


@dataclass
class _NewFile:
    file: RawFile
    survey: Survey
    row: dict[str, Any]


def _land(paths: DataPaths, progress: Progress) -> list[dict[str, Any]]:
    """Lands the drop and returns the manifest rows that are new."""
    manifest = read_manifest(paths)
    known = {(*identity(row), row["source_file"]) for row in manifest}
    landed = {identity(row) for row in manifest if row["status"] == "landed"}
    files = raw_files(paths.raw, datetime.now(UTC).replace(tzinfo=None))
    told: list[dict[str, Any]] = []

    def tell(file: RawFile, row: dict[str, Any] | None) -> None:
        nonlocal done
        done += 1
        if row:
            told.append(row)
        progress(file.source_file, done, len(files))

    done = 0
    pool = ThreadPoolExecutor(WORKERS)
    try:
        waiting = []
        for file, found in zip(files, pool.map(_survey, files), strict=True):
            row = _row(file, found)
            if (*identity(row), file.source_file) in known:
                tell(file, None)
            else:
                waiting.append(_NewFile(file, found, row))
        while waiting:
            wave: dict[tuple[str, str, str], _NewFile] = {}
            copies = []  # they wait for the verdict on the first of their kind
            for new in waiting:
                if identity(new.row) in landed:
                    tell(new.file, new.row | {"status": "already_landed", "reason": "already_landed"})
                elif wave.setdefault(identity(new.row), new) is not new:
                    copies.append(new)
            for new, row in _land_files(paths, list(wave.values()), pool):
                if row["status"] == "landed":
                    landed.add(identity(row))
                tell(new.file, row)
            waiting = copies
    finally:
        pool.shutdown(cancel_futures=True)
        if told:
            write_manifest(paths, manifest + told)
    return told


def _survey(file: RawFile) -> Survey:
    return survey(file.path, splittable=_kind(file.path) == ("", "lines"))


def _row(file: RawFile, found: Survey) -> dict[str, Any]:
    return {
        "product": file.product,
        "stream": file.stream,
        "source_file": file.source_file,
        "file_sha256": found.sha256,
        "received_at": file.received_at,
        "bytes": found.size,
        "lines": 0,
    }


def _land_files(
    paths: DataPaths, files: list[_NewFile], pool: ThreadPoolExecutor
) -> Iterator[tuple[_NewFile, dict[str, Any]]]:
    """Lands files side by side, and yields their manifest rows in order."""
    submitted: list[list[Future[int]]] = [
        [
            pool.submit(_land_part, part_path(paths, new.row, part), new, span)
            for part, span in enumerate(new.survey.spans)
        ]
        for new in files
    ]
    for new, parts in zip(files, submitted, strict=True):
        faults = [error for part in parts if isinstance(error := part.exception(), FaultyFile)]
        if faults:
            for part in range(len(parts)):
                partial(part_path(paths, new.row, part)).unlink(missing_ok=True)
            yield new, new.row | {"status": "unreadable", "reason": str(faults[0])}
        else:
            lines = sum(part.result() for part in parts)
            show_parts(paths, new.row, len(parts))
            yield new, new.row | {"status": "landed", "reason": None, "lines": lines}


def _land_part(path: Path, new: _NewFile, span: Span) -> int:
    """Writes one part under its partial name; returns the number of lines. Raises FaultyFile."""
    with new.file.path.open("rb") as file, LineWriter(path, new.file, new.survey.sha256) as writer:
        for batch in _batches(file, new.file.path, span):
            writer.write(batch)
    return writer.lines


def _batches(file: BinaryIO, path: Path, span: Span) -> Iterator[Batch]:
    if span.start == span.end:
        raise FaultyFile("empty_file")
    packing, kind = _kind(path)
    if kind == "parquet":
        return parquet_batches(file)
    blocks = unpacked_blocks(file, packing) if packing else plain_blocks(file, span)
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
