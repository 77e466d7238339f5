"""Landing against DuckDB's strict `read_json`, on the same clean JSON lines."""

from __future__ import annotations

import shutil
import time
from datetime import date
from pathlib import Path
from statistics import median

from plumbline.demo import write_demo
from plumbline.engine import connect
from plumbline.land import land
from plumbline.paths import DataPaths

USERS = 8_000  # about 600,000 lines of JSON in 60 days


def landing_ratio(paths: DataPaths, repeats: int = 3, users: int = USERS) -> dict[str, float]:
    """Medians of interleaved repeats, on a clean demo drop in `paths.root / "clean"`, one file a stream.

    `land_seconds` includes hashing, judging and writing every line. `read_seconds` is `create table ... as
    select * from read_json(...)`, stream by stream, with two threads and known columns. `ratio` is the first
    over the second; `lines` and `bytes` say on how much. Large files and known columns are the best case of
    `read_json`: with files by day, or columns to find, it takes longer.
    """
    clean = DataPaths(paths.root / "clean")
    write_demo(clean.raw, users, days=60, seed=7, dirty=0, start=date(2026, 1, 5))
    _keep_one_file_a_stream(clean.raw)
    calls = _read_json_calls(clean.raw)
    land_seconds, read_seconds, lines = [], [], 0
    for _ in range(repeats):
        shutil.rmtree(clean.landed, ignore_errors=True)
        result = land(clean)
        lines = result.lines
        land_seconds.append(result.seconds)
        read_seconds.append(_read_json(calls))
    size = sum(path.stat().st_size for path in clean.raw.rglob("*.jsonl"))
    shutil.rmtree(clean.root)
    return {
        "lines": lines,
        "bytes": size,
        "land_seconds": median(land_seconds),
        "read_seconds": median(read_seconds),
        "ratio": median(land_seconds) / median(read_seconds),
    }


def _keep_one_file_a_stream(raw: Path) -> None:
    """Joins the JSON lines of each stream in `all.jsonl`; files of other kinds are removed."""
    for path in sorted(raw.glob("*/*/**/*")):
        if path.is_file():
            if path.suffix == ".jsonl":
                with raw.joinpath(*path.relative_to(raw).parts[:2], "all.jsonl").open("ab") as joined:
                    joined.write(path.read_bytes())
            path.unlink()


def _read_json_calls(raw: Path) -> dict[str, str]:
    """Table → call of read_json that reads the stream with all its columns."""
    calls = {}
    with connect() as connection:
        for path in sorted(raw.glob("*/*/all.jsonl")):
            found = f"read_json('{path}', format = 'newline_delimited', sample_size = -1)"
            columns = dict(
                row[:2] for row in connection.execute(f"describe select * from {found}").fetchall()
            )
            table = f"{path.parent.parent.name}_{path.parent.name}"
            calls[table] = f"read_json('{path}', format = 'newline_delimited', columns = {columns})"
    return calls


def _read_json(calls: dict[str, str]) -> float:
    """Seconds to read all streams, each into a table of its own."""
    with connect() as connection:
        connection.execute("set threads = 2")
        started = time.perf_counter()
        for table, call in calls.items():
            connection.execute(f"create table {table} as select * from {call}")
        return time.perf_counter() - started
