"""Ways to damage a line: functions of (record, random) that return the record, or the bytes, to write."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random

import numpy as np

Record = dict


def dumped(record: object) -> bytes:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()


# --- damage to the bytes of a line -----------------------------------------------------------------


def truncated(record: Record, random: Random) -> bytes:
    line = dumped(record)
    return line[: random.randint(len(line) // 4, len(line) - 2)]


def trailing_comma(record: Record, random: Random) -> bytes:
    return dumped(record)[:-1] + b",}"


def with_value(value: bytes, record: Record, random: Random) -> bytes:
    return dumped(record)[:-1] + b',"score":' + value + b"}"


def duplicate_keys(record: Record, random: Random) -> bytes:
    return dumped(record)[:-1] + b',"twice":1,"twice":2}'


def not_an_object(record: Record, random: Random) -> bytes:
    return random.choice([dumped([record]), b"42", b'"ping"', b"null"])


def invalid_utf8(record: Record, random: Random) -> bytes:
    return dumped(record)[:-1] + b',"note":"\xff\xfe\xb0"}'


def nul_byte(record: Record, random: Random) -> bytes:
    return dumped(record)[:-1] + b',"note":"a\x00b"}'


def nested(record: Record, random: Random) -> bytes:
    return dumped(record)[:-1] + b',"deep":' + b"[" * 80 + b"]" * 80 + b"}"


def blank(record: Record, random: Random) -> bytes:
    return random.choice([b"", b" ", b"\t  "])


def windows_line(record: Record, random: Random) -> bytes:
    return dumped(record) + b"\r"


# --- damage to the members of a record -------------------------------------------------------------


def _at(record: Record, path: str) -> tuple[Record, str]:
    """The object that holds the last key of a dotted path, and that key."""
    *outer, key = path.split(".")
    for step in outer:
        record = record.get(step, record)  # properties may lie flat in the record
    return record, key


def put(path: str, *values: object) -> Callable[[Record, Random], Record]:
    """Write one of some values at a dotted path."""

    def damage(record: Record, random: Random) -> Record:
        holder, key = _at(record, path)
        holder[key] = random.choice(values)
        return record

    return damage


def change(path: str, change: Callable[[object], object]) -> Callable[[Record, Random], Record]:
    """Replace the value at a dotted path by a function of it."""

    def damage(record: Record, random: Random) -> Record:
        holder, key = _at(record, path)
        holder[key] = change(holder[key])
        return record

    return damage


def drop(*paths: str) -> Callable[[Record, Random], Record]:
    """Leave keys out."""

    def damage(record: Record, random: Random) -> Record:
        for path in paths:
            holder, key = _at(record, path)
            holder.pop(key, None)
        return record

    return damage


def rename(path: str, *names: str) -> Callable[[Record, Random], Record]:
    """Give a key another name, keeping its value."""

    def damage(record: Record, random: Random) -> Record:
        holder, key = _at(record, path)
        holder[random.choice(names)] = holder.pop(key)
        return record

    return damage


def without_offset(text: object) -> object:
    return str(text).removesuffix("Z")


def at_plus_eight(text: object) -> object:
    local = np.datetime64(str(text).removesuffix("Z"), "ms") + np.timedelta64(8, "h")
    return f"{local}+08:00"


def epoch_ms(text: object) -> object:
    return int(np.datetime64(str(text).removesuffix("Z"), "ms").astype(np.int64))


def shifted(minutes: int) -> Callable[[object], object]:
    return lambda text: f"{np.datetime64(str(text).removesuffix('Z'), 'ms') + np.timedelta64(minutes, 'm')}Z"


def one_more(number: object) -> object:
    return number + 1


def reworded(words: dict[str, str]) -> Callable[[object], object]:
    return lambda value: words[str(value)]


def ends_before_start(record: Record, random: Random) -> Record:
    return record | {"end_date": str(np.datetime64(record["start_date"], "D") - random.randint(1, 9))}


def other_action(record: Record, random: Random) -> Record:
    payload = record["payload"]
    payload["action_required"] = "remove_asset" if payload["policy_tag"] == "B1" else "update_copy"
    return record
