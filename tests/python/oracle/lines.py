"""A raw drop → records. The order of verdicts is that of the decisions: bytes, strict JSON, an object."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq


class Number(str):
    """A JSON number as it was written."""


@dataclass(frozen=True)
class Record:
    """One line that is a JSON object, or one row of a table."""

    product: str
    stream: str
    received_at: datetime  # UTC
    text: str
    values: dict[str, Any]
    is_table: bool  # CSV: every value is text


def read_drop(raw: Path) -> Iterator[Record]:
    """The readable records below `raw/`, each file's bytes once per stream."""
    seen = set()
    for path in sorted(raw.rglob("*")):
        parts = path.relative_to(raw).parts
        if not path.is_file() or any(part[0] in "._" for part in parts) or len(parts) < 3:
            continue
        product, stream = parts[0], parts[1]
        content = path.read_bytes()
        identity = (product, stream, hashlib.sha256(content).digest())
        if identity in seen:
            continue
        seen.add(identity)
        arrival = re.search(r"received_date=(\d{4}-\d\d-\d\d)", str(path))
        assert arrival, f"{path}: the oracle needs to know when it arrived"
        received_at = datetime.combine(date.fromisoformat(arrival[1]), time.max)
        for text, is_table in _texts(path.name, content):
            values = _object(text)
            if values is not None:
                yield Record(product, stream, received_at, text, values, is_table)


def _texts(name: str, content: bytes) -> Iterator[tuple[str, bool]]:
    if name.endswith(".parquet"):
        try:
            for row in pq.read_table(io.BytesIO(content)).to_pylist():
                yield json.dumps(row, default=_moment, ensure_ascii=False), False
        except Exception:  # a broken file has no rows
            return
        return
    if name.endswith(".gz"):
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError):
            return
    if name.endswith(".zst"):
        content = pa.input_stream(io.BytesIO(content), compression="zstd").read()
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return
    content = content.removeprefix(b"\xef\xbb\xbf")
    if name.endswith((".csv", ".csv.gz")):
        cells = list(csv.reader(io.StringIO(content.decode("utf-8", "replace"), newline="")))
        header, body = (cells[0], cells[1:]) if cells else ([], [])
        for row in body:
            if len(row) == len(header) and "\ufffd" not in "".join(row) and "\0" not in "".join(row):
                yield json.dumps(dict(zip(header, row, strict=True)), ensure_ascii=False), True
        return
    for line in content.split(b"\n"):
        try:
            yield line.removesuffix(b"\r").decode(), False
        except UnicodeDecodeError:
            continue


def _moment(value: Any) -> str:
    return f"{value:%Y-%m-%dT%H:%M:%S.%f}" + ("Z" if getattr(value, "tzinfo", None) else "")


class _Refused(ValueError):
    pass


def _object(text: str) -> dict[str, Any] | None:
    if "\0" in text:
        return None
    try:
        value = json.loads(
            text, object_pairs_hook=_unique, parse_int=Number, parse_float=_finite, parse_constant=_refuse
        )
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and _depth(value) <= 64 else None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise _Refused
    return dict(pairs)


def _finite(text: str) -> Number:
    if float(text) in (float("inf"), float("-inf")):
        raise _Refused
    return Number(text)


def _refuse(text: str) -> None:
    raise _Refused


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(_depth, inner), default=0)
