"""The demo drop: coherent lives of people in all five products, with known truth and planted dirt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from plumbline.demo import app, blanklogo, landing, prompts, storyforge
from plumbline.demo.lives import World
from plumbline.demo.truth import Truth
from plumbline.demo.writer import Damage, write_stream

PRODUCTS = (prompts, landing, app, storyforge, blanklogo)
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class DemoResult:
    """What was written: lines per (product, stream), lines in total, and how many of them are planted dirt."""

    out: Path
    lines: dict[tuple[str, str], int]
    planted: int

    @property
    def total(self) -> int:
        return sum(self.lines.values())


def write_demo(out: Path, users: int, days: int, seed: int, dirty: float, start: date) -> DemoResult:
    world = World(users, days, seed, (start - EPOCH).days)
    truth = Truth(world.all_days)
    lines: dict[tuple[str, str], int] = {}
    for product in PRODUCTS:
        for stream in product.simulate(world, truth):
            written = write_stream(out, stream, Damage())
            lines[(stream.product, stream.name)] = sum(written.values())
            truth.plant("table_version", "superseded", stream.product, stream.name, stream.superseded())
    truth.write(out / "_truth")
    return DemoResult(out, lines, 0)
