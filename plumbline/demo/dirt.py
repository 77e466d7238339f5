"""Planting dirt: damaged lines of known kinds, and whole files that cannot be read.

Lines that are rejected come *on top of* the drop, as damaged copies of good lines: a rejected line changes no
metric. Lines that are accepted with a finding *replace* a good line, and never touch a value that the known
metrics rest on.
Each damaged line carries exactly one kind.
"""

from __future__ import annotations

import gzip
import json
import shutil
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np

from plumbline.demo.columns import Choices, Constant, json_objects
from plumbline.demo.damage import dumped
from plumbline.demo.kinds import KINDS, PHONES, Kind
from plumbline.demo.lives import Batch, Stream, World, local_day
from plumbline.demo.truth import Truth
from plumbline.demo.writer import Damage, partition

QUIET_DAYS = 3  # the last days keep their governance fields: the gate looks at the latest day alone


def plant(stream: Stream, world: World, truth: Truth, dirty: float) -> Damage:
    """Choose and damage lines: about ``dirty`` x those of the stream, every kind at least once."""
    damage = Damage()
    kinds = KINDS.get((stream.product, stream.name), [])
    if not dirty or not kinds:
        return damage
    draw = world.rng(f"dirt {stream.product}/{stream.name}")
    random = Random(f"{world.seed} {stream.product}/{stream.name}")
    total = sum(len(batch.rows) for batch in stream.batches)
    unit = dirty * total / sum(kind.weight for kind in kinds)
    free = [np.ones(len(batch.rows), bool) for batch in stream.batches]
    for kind in kinds:
        candidates = []  # (batch number, position in its rows)
        for number, batch in enumerate(stream.batches):
            fits = free[number].copy()
            if kind.events and batch.name not in kind.events:
                continue
            if kind.mark:
                fits &= batch.marks[kind.mark][batch.rows] if kind.mark in batch.marks else False
            before = fits & (local_day(batch.time[batch.rows]) < world.start + world.days - QUIET_DAYS)
            if kind.early and before.any():
                fits = before
            at = np.flatnonzero(fits)
            candidates.append(np.stack([np.full(len(at), number), at], axis=1))
        pool = np.concatenate(candidates) if candidates else np.empty((0, 2), np.int64)
        wanted = min(max(1, round(unit * kind.weight)), max(1, int(kind.most * len(pool))), len(pool))
        chosen = pool[np.sort(draw.choice(len(pool), wanted, replace=False))]
        for number in np.unique(chosen[:, 0]).tolist():
            at = chosen[chosen[:, 0] == number, 1]
            free[number][at] = False
            _damage_rows(stream, number, stream.batches[number].rows[at], kind, random, damage)
        truth.plant(kind.name, kind.reason, stream.product, stream.name, wanted)
    return damage


def _damage_rows(
    stream: Stream, number: int, rows: np.ndarray, kind: Kind, random: Random, damage: Damage
) -> None:
    batch = stream.batches[number]
    for row, text in zip(rows.tolist(), json_objects(batch.fields, rows).to_pylist(), strict=True):
        damaged = kind.damage(json.loads(text), random) if kind.damage else text.encode()
        line = damaged if isinstance(damaged, bytes) else dumped(damaged)
        if kind.on_top:
            damage.added_day.append(int(batch.arrived[row]) + kind.days_later)
            damage.added_time.append(int(batch.time[row]))
            damage.added_line.append(line)
        else:
            damage.replaced.setdefault(number, {})[row] = line


# --- tables and whole files ------------------------------------------------------------------------


def plant_rows(stream: Stream, world: World, truth: Truth, dirty: float) -> list[Batch]:
    """Rejected rows on top of the user table, which is delivered as CSV."""
    if not dirty or (stream.product, stream.name) != ("app", "users"):
        return []
    batch = stream.batches[0]
    wanted = min(len(batch.rows), max(1, round(dirty * len(batch.rows) / 3)))
    random = Random(f"{world.seed} {stream.product}/{stream.name}")
    codes = np.array([random.randrange(len(PHONES)) for _ in range(len(batch.time))])
    planted = []
    for kind, reason, field, column in (
        ("phone_in_id", "pii_suspected", "user_id", Choices(codes, PHONES)),
        ("missing_time", "missing_time", "registration_date", Constant("")),
        ("garbage_time", "bad_time", "registration_date", Constant("last summer")),
    ):
        rows = np.array(sorted(random.sample(batch.rows.tolist(), wanted)))
        planted.append(replace(batch, fields=batch.fields | {field: column}, rows=rows))
        truth.plant(kind, reason, stream.product, stream.name, wanted)
    return planted


def plant_files(out: Path, world: World, truth: Truth) -> int:
    """Whole-file faults, a stream nobody planned, and a byte order mark. Returns the lines that come on top.

    ``lines`` in the truth of a file that cannot be read, or that was delivered before, counts files.
    """
    day = world.start + min(3, world.days - 1)

    def broken(product: str, stream: str, kind: str, reason: str, name: str, content: bytes) -> None:
        (partition(out / product / stream, day) / name).write_bytes(content)
        truth.plant(kind, reason, product, stream)

    sample = _plain_files(out / "app" / "task_generate_log")[0].read_bytes()[:4000]
    packed = gzip.compress(sample, mtime=0)
    broken(
        "app",
        "task_generate_log",
        "truncated_gzip",
        "bad_gzip",
        "part-cut.jsonl.gz",
        packed[: len(packed) // 2],
    )
    broken(
        "prompts",
        "templates",
        "broken_parquet",
        "bad_parquet",
        "part-broken.parquet",
        b"PAR1" + sample + b"PAR1",
    )
    broken(
        "landing",
        "events",
        "utf16_file",
        "utf16",
        "part-utf16.jsonl",
        '{"event_name":"landing_view"}\n'.encode("utf-16"),
    )
    broken("storyforge", "events", "empty_file", "empty_file", "part-empty.jsonl", b"")

    again = _plain_files(out / "landing" / "events")[1]
    shutil.copyfile(again, partition(out / "landing" / "events", day + 2) / "part-sent-again.jsonl")
    truth.plant("file_sent_again", "already_landed", "landing", "events")

    marked = _plain_files(out / "blanklogo" / "events")[0]
    marked.write_bytes(b"\xef\xbb\xbf" + marked.read_bytes())
    truth.plant("byte_order_mark", "accepted", "blanklogo", "events")

    strangers = b"".join(dumped({"heartbeat": number}) + b"\n" for number in range(5))
    (partition(out / "app" / "unknown_log", day) / "part-00000.jsonl").write_bytes(strangers)
    truth.plant("unknown_stream", "unknown_stream", "app", "unknown_log", 5)
    return 5


def _plain_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("received_date=*/part-00000.jsonl"))
