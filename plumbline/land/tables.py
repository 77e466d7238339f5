"""CSV records and Parquet rows → JSON object text."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from json.encoder import encode_basestring as quoted
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from plumbline.land.lines import BLOCK, MAX_LINE, Batch, FaultyFile, physical_lines
from plumbline.land.verdict import byte_fault

ROWS = 20_000  # records of a table read at a time


class _Record(NamedTuple):
    """One record of a CSV file: the line it begins on, its bytes, its cells; None where there is none."""

    line_no: int
    received: bytes | None
    cells: list[str] | None


def csv_batches(blocks: Iterable[bytes]) -> Iterator[Batch]:
    """CSV records (RFC 4180, header first) as JSON objects of text, numbered by the physical line they begin on.

    A record that has not as many cells as the header is `not_an_object`; such a record, and one whose bytes are
    unusable, lands as received. A header that says a name twice makes every record `duplicate_keys`; a header that is
    unusable as bytes or as CSV gives its fault to every record.
    """
    records = _csv_records(blocks)
    header = next((record for record in records if record.received is None or record.received.strip()), None)
    if header:
        fault = byte_fault(header.received or b"") or ("not_an_object" if header.cells is None else None)
        names = [name.strip() for name in header.cells or ()]
        yield from _batches(_csv_objects(records, names, fault))


def _csv_objects(
    records: Iterable[_Record], names: Sequence[str], header_fault: str | None
) -> Iterator[tuple[int, bytes | None, str | None]]:
    template = _object_template(names)
    for line_no, received, cells in records:
        fault = received and byte_fault(received) or header_fault
        if received is None or fault:
            yield line_no, received, fault
        elif received == b"":
            yield line_no, received, "blank_line"
        elif cells is None or len(cells) != len(names):
            yield line_no, received, "not_an_object"
        else:
            yield line_no, (template % tuple(map(quoted, cells))).encode(), None


def _object_template(names: Iterable[str]) -> str:
    """A %-template of JSON object text with these keys."""
    return "{" + ", ".join(quoted(name).replace("%", "%%") + ": %s" for name in names) + "}"


class _TooLong(Exception):
    pass


class _Feed:
    """Feeds physical lines to the CSV reader, and keeps the bytes of the record that it is in."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._lines = (line for lines in physical_lines(blocks) for line in lines)
        self.taken: list[bytes] = []
        self.line_no = 0

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.line_no += 1
        if line is None:
            raise _TooLong
        self.taken.append(line)
        if sum(map(len, self.taken)) > MAX_LINE:
            raise _TooLong
        return line.decode("utf-8", "surrogateescape") + "\n"


def _csv_records(blocks: Iterable[bytes]) -> Iterator[_Record]:
    csv.field_size_limit(MAX_LINE)
    feed = _Feed(blocks)
    reader = csv.reader(feed, strict=True)
    while True:
        feed.taken.clear()
        line_no = feed.line_no + 1
        try:
            cells: list[str] | None = next(reader)
        except StopIteration:
            return
        except _TooLong:
            yield _Record(line_no, None, None)
            continue
        except csv.Error:
            cells = None
        yield _Record(line_no, b"\n".join(feed.taken).removesuffix(b"\r"), cells)


def parquet_batches(file: BinaryIO) -> Iterator[Batch]:
    """Parquet rows as JSON objects. Raises FaultyFile('bad_parquet').

    Times are ISO 8601, with a Z where the column is adjusted to UTC; NULL is null; NaN and infinity stay and make the
    row `invalid_json`; bytes are taken as text.
    """
    try:
        yield from _batches(
            _parquet_objects(pq.ParquetFile(file, pre_buffer=False, arrow_extensions_enabled=True))
        )
    except (pa.ArrowException, OSError, ValueError, KeyError, OverflowError) as error:
        raise FaultyFile("bad_parquet") from error


def _parquet_objects(file: pq.ParquetFile) -> Iterator[tuple[int, bytes, None]]:
    row_no = 0
    template = _object_template(file.schema_arrow.names)
    for rows in file.iter_batches(ROWS):
        cells = [_json_texts(column) for column in rows.columns]
        for row in zip(*cells, strict=True) if cells else [()] * rows.num_rows:
            row_no += 1
            yield row_no, (template % row).encode("utf-8", "surrogateescape"), None


def _json_texts(column: pa.Array) -> list[str]:
    """The JSON text of each value of a column."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.dictionary_decode()
    elif pa.types.is_timestamp(kind):
        zone = "Z" if kind.tz else ""
        column = pc.strftime(column.cast(pa.timestamp("us"), safe=False), f"%Y-%m-%dT%H:%M:%S{zone}")
    elif pa.types.is_date(kind) or pa.types.is_time(kind):
        column = column.cast(pa.string())
    elif pa.types.is_decimal(kind):
        return ["null" if value is None else format(value, "f") for value in column.to_pylist()]
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        column = column.cast(
            pa.large_binary()
        )  # text that is not UTF-8 is a fault of its row, not of the file
    return [_json_text(value) for value in column.to_pylist(maps_as_pydicts="strict")]


def _json_text(value: Any) -> str:
    if isinstance(value, bytes):
        return quoted(value.decode("utf-8", "surrogateescape"))
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> str:
    """The text of a value below the top level for which JSON has no type."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _batches(records: Iterable[tuple[int, bytes | None, str | None]]) -> Iterator[Batch]:
    """Records (number, text, fault) in batches of bounded size."""
    batch: list[tuple[int, bytes | None, str | None]] = []
    size = 0
    for line_no, line, fault in records:
        batch.append((line_no, None if line and len(line) > MAX_LINE else line, fault))
        size += len(line or b"")
        if len(batch) == ROWS or size > BLOCK:
            yield _batch(batch)
            batch, size = [], 0
    if batch:
        yield _batch(batch)


def _batch(records: list[tuple[int, bytes | None, str | None]]) -> Batch:
    line_nos, lines, faults = zip(*records, strict=True)
    return Batch(np.array(line_nos), list(lines), {at: fault for at, fault in enumerate(faults) if fault})
