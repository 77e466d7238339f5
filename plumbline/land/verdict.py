"""Is a line a strict JSON object? RFC 8259, finite numbers, no key twice in one object, at most 64 levels."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import simdjson

from plumbline.land.doubt import doubtful_lines

MAX_NESTING = 64
OPENING_BRACE = ord("{")

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_NO_BRACKETS = bytes(set(range(256)) - set(b"{}[]"))


def faults_of(lines: Sequence[bytes]) -> dict[int, str]:
    """Position → fault, for those of the lines (without line breaks) that are not strict JSON objects.

    A fast parser accepts most; exact and slow checks decide on what it refuses and on what leaves a doubt.
    """
    faults = {at: byte_fault(lines[at]) or json_fault(lines[at]) for at in _refused(lines)}
    faults |= {at: json_fault(lines[at]) for at in doubtful_lines(lines, MAX_NESTING) if at not in faults}
    return {at: fault for at, fault in faults.items() if fault}


def _refused(lines: Sequence[bytes]) -> list[int]:
    """Positions of the lines that simdjson does not take for an object.

    It refuses whole numbers of more than 64 bits, which are JSON, and skips a byte-order mark, which is not.
    """
    parse = simdjson.Parser().parse
    refused = []
    for position, line in enumerate(lines):
        try:
            parse(line)
        except (ValueError, RuntimeError):
            refused.append(position)
        else:
            if line[0] != OPENING_BRACE:
                refused.append(position)
    return refused


def byte_fault(line: bytes) -> str | None:
    """The fault of the bytes, whatever they are meant to be: blank_line, invalid_utf8 or nul_byte."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return "invalid_utf8"
    if not text.strip():
        return "blank_line"
    return "nul_byte" if "\0" in text else None


def json_fault(line: bytes) -> str | None:
    """The fault of a line of UTF-8 as a strict JSON object; exact, with the standard library."""
    if _nesting(line) > MAX_NESTING:
        return "nesting_too_deep"
    try:
        value = _parse(line.decode())
        if rb"\u" in line:
            json.dumps(value, ensure_ascii=False).encode()  # fails on half a surrogate pair, which is no text
    except _RepeatedKey:
        return "duplicate_keys"
    except ValueError:
        return "invalid_json"
    return None if isinstance(value, dict) else "not_an_object"


def _nesting(line: bytes) -> int:
    if line.count(b"{") + line.count(b"[") <= MAX_NESTING:
        return 0
    brackets = _STRING.sub(b"", line).translate(None, delete=_NO_BRACKETS)
    return max(accumulate(1 if bracket in b"{[" else -1 for bracket in brackets), default=0)


class _RepeatedKey(ValueError):
    pass


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _RepeatedKey
    return found


def _finite(number: str) -> float:
    if not math.isfinite(value := float(number)):
        raise ValueError(number)
    return value


def _no_number(name: str) -> float:
    raise ValueError(name)


_parse = json.JSONDecoder(
    object_pairs_hook=_object, parse_float=_finite, parse_int=_finite, parse_constant=_no_number
).decode
