"""Columns of simulated values and how they are written: as JSON members (``"key":value``) or as plain text.

A column stands for one value per row of a simulated table and is rendered only for the rows asked for, so
that a drop of millions of lines never has to be held as text. Everything is vectorised over numpy and
Arrow.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

MS_PER_DAY = 86_400_000
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


class Column(Protocol):
    """One value per row; ``rows`` are positions in the simulated table."""

    def members(self, key: str, rows: np.ndarray) -> pa.StringArray:
        """JSON members ``"key":value``; null where the value is absent."""
        ...

    def texts(self, rows: np.ndarray) -> pa.StringArray:
        """The bare values as text; null where the value is absent."""
        ...


class _Quoted:
    """A column whose JSON value is its text in quotes."""

    def _render(self, rows: np.ndarray, before: str, after: str) -> pa.StringArray:
        raise NotImplementedError

    def members(self, key: str, rows: np.ndarray) -> pa.StringArray:
        return self._render(rows, f'"{key}":"', '"')

    def texts(self, rows: np.ndarray) -> pa.StringArray:
        return self._render(rows, "", "")


@dataclass(frozen=True)
class Ids(_Quoted):
    """Opaque ids: ``prefix`` and 16 hex digits, or a UUIDv4, drawn from ``keys`` (one integer per thing).

    The same (space, key) always gives the same id and two keys never share one. A key below zero is absent.
    No id can look like a telephone number: hex digits come in runs of 8, 4, 12 or 16, never of 11 or 13.
    """

    space: str
    keys: np.ndarray
    prefix: str = ""
    uuid: bool = False

    def _render(self, rows: np.ndarray, before: str, after: str) -> pa.StringArray:
        keys = self.keys[rows]
        salt = _salt(self.space)
        digits = _hex_digits(_mix(keys, salt))
        if self.uuid:
            more = _hex_digits(_mix(keys, _salt(self.space + "/low")))
            more[:, 0] = np.frombuffer(b"89ab", np.uint8)[keys & 3]
            parts: list[bytes | np.ndarray] = [
                digits[:, :8],
                b"-",
                digits[:, 8:12],
                b"-4",
                digits[:, 13:],
                b"-",
                more[:, :4],
                b"-",
                more[:, 4:],
            ]
        else:
            parts = [self.prefix.encode(), digits]
        return fixed_width(len(rows), [before.encode(), *parts, after.encode()], absent=keys < 0)


@dataclass(frozen=True)
class Moments(_Quoted):
    """UTC times, ``2026-01-05T03:04:05.678Z``; ``ms`` is milliseconds since 1970, below zero absent."""

    ms: np.ndarray

    def _render(self, rows: np.ndarray, before: str, after: str) -> pa.StringArray:
        ms = self.ms[rows]
        absent = ms < 0
        ms = np.where(absent, 0, ms)
        day, of_day = np.divmod(ms, MS_PER_DAY)
        clock, milli = np.divmod(of_day, 1000)
        parts = [before.encode(), _dates(day), b"T", _clock_table()[clock], b".", _milli_table()[milli], b"Z"]
        return fixed_width(len(rows), [*parts, after.encode()], absent=absent)


@dataclass(frozen=True)
class Dates(_Quoted):
    """Dates without time, ``2026-01-05``; ``days`` is days since 1970, below zero absent."""

    days: np.ndarray

    def _render(self, rows: np.ndarray, before: str, after: str) -> pa.StringArray:
        days = self.days[rows]
        absent = days < 0
        return fixed_width(
            len(rows), [before.encode(), _dates(np.where(absent, 0, days)), after.encode()], absent
        )


@dataclass(frozen=True)
class Numbers:
    """Numbers in fixed point: ``scaled`` integers of 10 ** -``decimals``; absent where ``absent`` is true."""

    scaled: np.ndarray
    decimals: int = 0
    absent: np.ndarray | None = None

    def members(self, key: str, rows: np.ndarray) -> pa.StringArray:
        return pc.binary_join_element_wise(f'"{key}":', self.texts(rows), "")

    def texts(self, rows: np.ndarray) -> pa.StringArray:
        values = self.scaled[rows]
        absent = None if self.absent is None else self.absent[rows]
        if not self.decimals:
            return pa.array(values, mask=absent).cast(pa.string())
        whole, rest = np.divmod(values, 10**self.decimals)
        shown = pa.array(whole, mask=absent).cast(pa.string())
        return pc.binary_join_element_wise(shown, _fractions(self.decimals).take(pa.array(rest)), "")


@dataclass(frozen=True)
class MajorUnits:
    """Money: ``minor`` units shown in major units with the ``decimals`` (0 or 2) of each row's currency."""

    minor: np.ndarray
    decimals: np.ndarray

    def members(self, key: str, rows: np.ndarray) -> pa.StringArray:
        return pc.binary_join_element_wise(f'"{key}":', self.texts(rows), "")

    def texts(self, rows: np.ndarray) -> pa.StringArray:
        whole, cents = Numbers(self.minor).texts(rows), Numbers(self.minor, 2).texts(rows)
        return pc.if_else(pa.array(self.decimals[rows] == 0), whole, cents)


@dataclass(frozen=True)
class Choices:
    """One of a few ready values per row (text, number, boolean, object); a code below zero is absent."""

    codes: np.ndarray
    values: tuple[object, ...]

    def members(self, key: str, rows: np.ndarray) -> pa.StringArray:
        return self._pick([f'"{key}":{json.dumps(value, ensure_ascii=False)}' for value in self.values], rows)

    def texts(self, rows: np.ndarray) -> pa.StringArray:
        return self._pick([str(value) for value in self.values], rows)

    def _pick(self, shown: list[str], rows: np.ndarray) -> pa.StringArray:
        codes = self.codes[rows]
        return pa.array(shown).take(pa.array(codes, mask=codes < 0))


@dataclass(frozen=True)
class Constant:
    """The same value in every row."""

    value: object

    def members(self, key: str, rows: np.ndarray) -> pa.StringArray:
        return pa.repeat(f'"{key}":{json.dumps(self.value, ensure_ascii=False)}', len(rows))

    def texts(self, rows: np.ndarray) -> pa.StringArray:
        return pa.repeat(str(self.value), len(rows))


def json_objects(fields: dict[str, Column | dict], rows: np.ndarray) -> pa.StringArray:
    """One JSON object per row; keys in the order of ``fields``, absent values leave their key out."""
    members: list[pa.StringArray] = []
    for key, column in fields.items():
        if isinstance(column, dict):
            members.append(pc.binary_join_element_wise(f'"{key}":', json_objects(column, rows), ""))
        else:
            members.append(column.members(key, rows))
    if not members:
        return pa.repeat("{}", len(rows))
    if all(member.null_count for member in members):  # Arrow drops rows in which every argument is null
        empty = np.logical_and.reduce([member.is_null().to_numpy(zero_copy_only=False) for member in members])
        members[0] = pc.if_else(pa.array(empty), "", members[0])
    inside = pc.binary_join_element_wise(*members, ",", null_handling="skip")
    return pc.binary_join_element_wise("{", inside, "}", "")


def fixed_width(n: int, parts: list[bytes | np.ndarray], absent: np.ndarray | None = None) -> pa.StringArray:
    """Strings of one width from constant bytes and (n, width) byte tables side by side."""
    width = sum(len(part) if isinstance(part, bytes) else part.shape[1] for part in parts)
    out = np.empty((n, width), np.uint8)
    at = 0
    for part in parts:
        size = len(part) if isinstance(part, bytes) else part.shape[1]
        out[:, at : at + size] = np.frombuffer(part, np.uint8) if isinstance(part, bytes) else part
        at += size
    offsets = np.arange(n + 1, dtype=np.int32) * np.int32(width)
    valid = None
    if absent is not None and absent.any():
        valid = pa.py_buffer(np.packbits(~absent, bitorder="little"))
    return pa.StringArray.from_buffers(n, pa.py_buffer(offsets), pa.py_buffer(out), valid)


def _salt(space: str) -> np.uint64:
    """A fixed 64-bit number for a name (FNV-1a)."""
    value = 0xCBF29CE484222325
    for byte in space.encode():
        value = ((value ^ byte) * 0x100000001B3) % 2**64
    return np.uint64(value)


def _mix(keys: np.ndarray, salt: np.uint64) -> np.ndarray:
    """Scramble integers to 64 bits, one to one (splitmix64)."""
    z = keys.astype(np.int64).view(np.uint64) + salt + _GOLDEN
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def _hex_digits(values: np.ndarray) -> np.ndarray:
    """(n,) uint64 to an (n, 16) table of ASCII hex digits."""
    return _hex_table()[values.astype(">u8").view(np.uint8).reshape(-1, 8)].reshape(-1, 16)


def _dates(days: np.ndarray) -> np.ndarray:
    """(n,) days since 1970 to an (n, 10) table of ASCII dates."""
    if not len(days):
        return np.empty((0, 10), np.uint8)
    first = int(days.min())
    shown = np.datetime_as_string(np.arange(first, int(days.max()) + 1).astype("datetime64[D]"))
    return _table(shown.tolist())[days - first]


def _table(texts: list[str]) -> np.ndarray:
    """Texts of one length as an (n, length) byte table."""
    return np.frombuffer("".join(texts).encode(), np.uint8).reshape(len(texts), -1)


@cache
def _hex_table() -> np.ndarray:
    return _table([f"{value:02x}" for value in range(256)])


@cache
def _clock_table() -> np.ndarray:
    return _table([f"{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}" for s in range(86_400)])


@cache
def _milli_table() -> np.ndarray:
    return _table([f"{milli:03d}" for milli in range(1000)])


@cache
def _fractions(decimals: int) -> pa.StringArray:
    return pa.array([f".{rest:0{decimals}d}" for rest in range(10**decimals)])
