"""The demo drop: coherent lives of people in all five products, with known truth and planted dirt.

Modules: ``lives`` (what all products share), one module per product, ``columns`` and ``writer`` (arrays to
lines to files), ``kinds``, ``damage`` and ``dirt`` (which dirt, how, where), ``truth`` (what is known by
construction).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

from plumbline.demo import app, blanklogo, landing, prompts, storyforge
from plumbline.demo.dirt import plant, plant_files, plant_rows
from plumbline.demo.lives import World
from plumbline.demo.truth import Truth
from plumbline.demo.writer import write_stream

PRODUCTS = (prompts, landing, app, storyforge, blanklogo)
EPOCH = date(1970, 1, 1)
FEWEST_USERS = 200  # below this a drop is too small to hold every kind of dirt


@dataclass(frozen=True)
class DemoResult:
    """What was written: the folder, lines per (product, stream), and how many of all lines are damaged."""

    out: Path
    lines: dict[tuple[str, str], int]
    damaged: int

    @property
    def total(self) -> int:
        return sum(self.lines.values())


def write_demo(out: Path, users: int, days: int, seed: int, dirty: float, start: date) -> DemoResult:
    """Write a raw drop for all five products under ``out`` and what is true of it under ``out/_truth``.

    ``users`` people show up in each product over ``days`` local days (UTC+8) from ``start`` on; a drop of
    60 days has about 116 lines per user (prompts 19, landing 11, app 14, storyforge 39, blanklogo 33; 134 in
    90 days), so 26,000 users give three million. The same arguments give the same bytes.

    ``dirty`` is the share of damaged lines, 0 for a clean drop; with 200 users or more some whole files are
    broken as well. Lines that will be rejected are extra, so the known metrics are those of the clean drop.

    ``_truth/planted.csv`` (kind, reason, product, stream, lines) counts planted lines: ``reason`` is the
    reason of the line or file, the rule of an accepted line with a finding, or ``accepted`` for harmless
    oddities; for files that are not landed ``lines`` counts files. ``_truth/metrics.csv`` holds metric
    values by construction, one row per metric_key, product, date_day, segment, segment_value;
    ``landed_lines`` is per stream and received_date.
    """
    world = World(users, days, seed, (start - EPOCH).days)
    truth = Truth(world.all_days)
    lines: dict[tuple[str, str], int] = {}
    damaged = 0
    for product in PRODUCTS:
        for stream in product.simulate(world, truth):
            damage = plant(stream, world, truth, dirty)
            extra = plant_rows(stream, world, truth, dirty)
            written = write_stream(out, replace(stream, batches=stream.batches + extra), damage)
            received, count = np.array(list(written), np.int64), np.array(list(written.values()), np.int64)
            truth.series(
                "landed_lines", stream.product, count, segment=("stream", stream.name), days=received
            )
            truth.plant("table_version", "superseded", stream.product, stream.name, stream.superseded())
            lines[(stream.product, stream.name)] = int(count.sum())
            damaged += damage.lines + sum(len(batch.rows) for batch in extra)
    if dirty and users >= FEWEST_USERS:
        strangers = plant_files(out, world, truth)
        lines[("app", "unknown_log")] = strangers
        damaged += strangers
    truth.write(out / "_truth")
    return DemoResult(out, lines, damaged)
