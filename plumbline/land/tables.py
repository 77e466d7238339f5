"""CSV records and Parquet rows → JSON object text."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from json.encoder import encode_basestring as quoted
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from plumbline.land.lines import BLOCK, MAX_LINE, Batch, FaultyFile, whole_lines
from plumbline.land.verdict import byte_fault

ROWS = 20_000  # records of a table read at a time


class _Record(NamedTuple):
    """One CSV record: the line it begins on, its bytes, its cells (None: not CSV), a fault of its bytes."""

    line_no: int
    received: bytes
    cells: list[str] | None
    fault: str | None


def csv_batches(blocks: Iterable[bytes]) -> Iterator[Batch]:
    """CSV records (RFC 4180, header first) as JSON objects of text, numbered by the line they begin on.

    A record that has not as many cells as the header is `not_an_object`; such a record, and one whose bytes
    are unusable, lands as received. A header that says a name twice makes every record `duplicate_keys`; the
    fault of a header that is unusable goes to every record. Names are trimmed, cells are not.
    """
    records = _csv_records(blocks)
    header = next((record for record in records if record.fault != "blank_line"), None)
    if header:
        yield from _batches(_csv_objects(records, header))


def _csv_objects(records: Iterable[_Record], header: _Record) -> Iterator[tuple[int, bytes, str | None]]:
    names = [name.strip() for name in header.cells or ()]
    template = _object_template(names)
    for record in records:
        fault = record.fault or header.fault
        if not fault and (record.cells is None or len(record.cells) != len(names)):
            fault = "not_an_object"
        if fault:
            yield record.line_no, record.received, fault
        else:
            yield record.line_no, (template % tuple(map(quoted, record.cells))).encode(), None


def _object_template(names: Iterable[str]) -> str:
    """A %-template of JSON object text with these keys."""
    return "{" + ", ".join(quoted(name).replace("%", "%%") + ": %s" for name in names) + "}"


def _csv_records(blocks: Iterable[bytes]) -> Iterator[_Record]:
    csv.field_size_limit(MAX_LINE)
    feed = _Feed(blocks)
    reader = csv.reader(feed, strict=True)
    while True:
        line_no = feed.begin_record()
        cells = None
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            pass
        except _TooLong:
            yield _Record(line_no, b"", None, "line_too_long")
            continue
        received = b"\n".join(feed.taken).removesuffix(b"\r")
        yield _Record(line_no, received, cells, byte_fault(received))


class _TooLong(Exception):
    pass


class _Feed:
    """Feeds physical lines to the CSV reader, and keeps the bytes of the record that it is in."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._lines = (line for text in whole_lines(blocks) for line in text.split(b"\n"))
        self._line_no = 0
        self._size = 0
        self.taken: list[bytes] = []

    def begin_record(self) -> int:
        """Forgets the record before; returns the number of the line on which the next one begins."""
        self._size = 0
        self.taken.clear()
        return self._line_no + 1

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self._line_no += 1
        self._size += len(line)
        if self._size > MAX_LINE:
            raise _TooLong
        self.taken.append(line)
        return line.decode("utf-8", "surrogateescape") + "\n"


def parquet_batches(file: BinaryIO) -> Iterator[Batch]:
    """Parquet rows as JSON objects. Raises FaultyFile('bad_parquet').

    Times are ISO 8601, with a Z where the column is adjusted to UTC. NULL is null. NaN and infinity stay and
    make the row `invalid_json`. Bytes are taken as text.
    """
    try:
        yield from _batches(_parquet_objects(file))
    except (pa.ArrowException, OSError, ValueError, KeyError, OverflowError) as error:
        raise FaultyFile("bad_parquet") from error


def _parquet_objects(file: BinaryIO) -> Iterator[tuple[int, bytes, None]]:
    parquet = pq.ParquetFile(file, pre_buffer=False, arrow_extensions_enabled=True)
    template = _object_template(parquet.schema_arrow.names)
    row_no = 0
    for rows in parquet.iter_batches(ROWS):
        cells = [_json_texts(column) for column in rows.columns]
        for row in zip(*cells, strict=True):
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
        column = column.cast(pa.large_binary())  # text that is not UTF-8 is a fault of its row only
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


def _batches(records: Iterable[tuple[int, bytes, str | None]]) -> Iterator[Batch]:
    """Records (number, text, fault) in batches of bounded size."""
    held: list[tuple[int, bytes, str | None]] = []
    size = 0
    for record in records:
        held.append(record)
        size += len(record[1])
        if len(held) == ROWS or size > BLOCK:
            yield _batch(held)
            held, size = [], 0
    if held:
        yield _batch(held)


def _batch(records: list[tuple[int, bytes, str | None]]) -> Batch:
    line_nos, lines, faults = zip(*records, strict=True)
    return Batch(np.array(line_nos), list(lines), {at: fault for at, fault in enumerate(faults) if fault})
