"""Lines to files: one file per stream and day of arrival; plain, gzip or Zstandard; always the same bytes."""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from plumbline.demo.columns import Column, Constant, json_objects
from plumbline.demo.lives import Batch, Stream

LINES_AT_ONCE = 150_000  # bounds memory: about 100 MB of text


@dataclass
class Damage:
    """Dirt for one JSONL stream: lines that replace rows, and lines that come on top."""

    replaced: dict[int, dict[int, bytes]] = field(default_factory=dict)  # batch number → row → line
    added_day: list[int] = field(default_factory=list)  # day of arrival
    added_time: list[int] = field(default_factory=list)  # ms, only for the order within the file
    added_line: list[bytes] = field(default_factory=list)

    @property
    def lines(self) -> int:
        return len(self.added_line) + sum(map(len, self.replaced.values()))


def write_stream(out: Path, stream: Stream, damage: Damage) -> dict[int, int]:
    """Write one stream under ``out/<product>/<stream>/``. Returns records (lines) per day of arrival."""
    folder = out / stream.product / stream.name
    if stream.form == "jsonl":
        return _write_jsonl(folder, stream, damage)
    return _write_table(folder, stream)


def partition(folder: Path, day: int) -> Path:
    """The (created) folder for files that arrived on ``day`` (days since 1970, UTC)."""
    path = folder / f"received_date={np.datetime64(day, 'D')}"
    path.mkdir(parents=True, exist_ok=True)
    return path


def write_gzip(path: Path, content: bytes | pa.Buffer) -> None:
    """gzip without time stamp and file name, so that equal content gives equal bytes."""
    path.write_bytes(gzip.compress(content, compresslevel=4, mtime=0))


def _write_jsonl(folder: Path, stream: Stream, damage: Damage) -> dict[int, int]:
    orders = [
        batch.rows[np.lexsort((batch.time[batch.rows], batch.arrived[batch.rows]))]
        for batch in stream.batches
    ]
    arrivals = [batch.arrived[order] for batch, order in zip(stream.batches, orders, strict=True)]
    added_day = np.array(damage.added_day, np.int64)
    days, lines = np.unique(np.concatenate([*arrivals, added_day]), return_counts=True)
    written = dict(zip(days.tolist(), lines.tolist(), strict=True))
    chunk = (np.cumsum(lines) - lines) // LINES_AT_ONCE
    for number in np.unique(chunk):
        some = days[chunk == number]
        texts, day_parts, time_parts = [], [], []
        for at, (batch, order, arrived) in enumerate(zip(stream.batches, orders, arrivals, strict=True)):
            low, high = np.searchsorted(arrived, [some[0], some[-1] + 1])
            rows = order[low:high]
            if len(rows):
                texts.append(_rendered(batch, rows, damage.replaced.get(at, {})))
                day_parts.append(arrived[low:high])
                time_parts.append(batch.time[rows])
        extra = np.flatnonzero((added_day >= some[0]) & (added_day <= some[-1]))
        texts.append(pa.array([damage.added_line[at] + b"\n" for at in extra], pa.binary()))
        day_parts.append(added_day[extra])
        time_parts.append(np.array([damage.added_time[at] for at in extra], np.int64))
        day = np.concatenate(day_parts)
        order = np.lexsort((np.concatenate(time_parts), day))
        text = pa.concat_arrays(texts).take(pa.array(order))
        offsets = np.frombuffer(text.buffers()[1], np.int32)[text.offset : text.offset + len(text) + 1]
        bounds = np.searchsorted(day[order], np.append(some, some[-1] + 1))
        for at, one in enumerate(some):
            start, stop = offsets[bounds[at]], offsets[bounds[at + 1]]
            _write_lines(partition(folder, int(one)), int(one), text.buffers()[2].slice(start, stop - start))
    return written


def _rendered(batch: Batch, rows: np.ndarray, replaced: dict[int, bytes]) -> pa.BinaryArray:
    """The lines of some rows with their line breaks, damaged ones in place of their originals."""
    lines = pc.binary_join_element_wise(json_objects(batch.fields, rows), "\n", "").cast(pa.binary())
    if replaced:
        mask = np.isin(rows, np.fromiter(replaced, np.int64))
        damaged = [replaced[row] + b"\n" for row in rows[mask].tolist()]
        lines = pc.replace_with_mask(lines, pa.array(mask), pa.array(damaged, pa.binary()))
    return lines


def _write_lines(folder: Path, day: int, content: pa.Buffer) -> None:
    """Most days are plain text, one day of the week gzip, another Zstandard."""
    if day % 7 == 2:
        write_gzip(folder / "part-00000.jsonl.gz", content)
    elif day % 7 == 5:
        with pa.CompressedOutputStream(str(folder / "part-00000.jsonl.zst"), "zstd") as file:
            file.write(content)
    else:
        (folder / "part-00000.jsonl").write_bytes(content)


def _write_table(folder: Path, stream: Stream) -> dict[int, int]:
    """CSV (empty where absent) or Parquet (text and booleans), one file per day of arrival."""
    arrived = np.concatenate([batch.arrived[batch.rows] for batch in stream.batches])
    keys = stream.batches[0].fields
    columns = {
        key: pa.concat_arrays([_plain(batch.fields[key], batch.rows) for batch in stream.batches])
        for key in keys
    }
    table = pa.table(columns)
    written = {}
    for day in np.unique(arrived).tolist():
        rows = table.filter(pa.array(arrived == day))
        written[day] = rows.num_rows
        target = partition(folder, day)
        if stream.form == "parquet":
            pq.write_table(rows, target / "part-00000.parquet")
        else:
            text = pa.BufferOutputStream()
            pa.csv.write_csv(rows, text, pa.csv.WriteOptions(quoting_style="needed"))
            if stream.form == "csv.gz":
                write_gzip(target / "part-00000.csv.gz", text.getvalue())
            else:
                (target / "part-00000.csv").write_bytes(text.getvalue())
    return written


def _plain(column: Column, rows: np.ndarray) -> pa.Array:
    """Text, or booleans where the column holds booleans."""
    text = column.texts(rows)
    is_flag = isinstance(column, Constant) and isinstance(column.value, bool)
    return text.cast(pa.bool_()) if is_flag else text
