"""What lives in all products share: sign-up days, fading activity, times of day, arrival, batches of lines.

Times are integers: milliseconds since 1970 UTC (``ms``) or local days since 1970 (``day``), the local day
being that of UTC+8. A simulated table is a set of equally long numpy arrays; a ``Batch`` turns some of its
rows into lines.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from zlib import crc32

import numpy as np

from plumbline.demo.columns import MS_PER_DAY, Column, Ids

MINUTE = 60_000
HOUR = 3_600_000
OFFSET_MS = 8 * HOUR  # local midnight is 16:00 UTC of the day before
SHARE_LATE = 0.03
MAX_DAYS_LATE = 5

_HOURS = np.array([3, 2, 1, 1, 1, 1, 2, 3, 5, 7, 8, 8, 7, 6, 6, 6, 6, 6, 7, 8, 10, 10, 8, 5], float)
_WEEKDAYS = np.array([1.0, 0.97, 0.96, 0.98, 1.05, 1.22, 1.18])  # Monday first
_USERS_AT_ONCE = 20_000


@dataclass(frozen=True)
class World:
    """The frame of one drop: how many people, which local days, which seed."""

    users: int
    days: int
    seed: int
    start: int  # first local day, days since 1970

    @property
    def start_ms(self) -> int:
        return int(midnight(self.start))

    @property
    def end_ms(self) -> int:
        """First moment after the last local day."""
        return int(midnight(self.start + self.days))

    @property
    def all_days(self) -> np.ndarray:
        return np.arange(self.start, self.start + self.days)

    def rng(self, name: str) -> np.random.Generator:
        """An independent random stream per name, so that products do not disturb each other."""
        return np.random.default_rng([self.seed, crc32(name.encode())])

    def ids(self, space: str, keys: np.ndarray, prefix: str = "", uuid: bool = False) -> Ids:
        return Ids(f"{self.seed}/{space}", keys, prefix, uuid)


@dataclass(frozen=True)
class Batch:
    """Lines of one event (or table): the chosen rows of a simulated table, when they happened and arrived."""

    name: str
    fields: dict[str, Column | dict]
    time: np.ndarray  # (table rows,) ms
    arrived: np.ndarray  # (table rows,) day of the received_date, UTC
    rows: np.ndarray  # positions that become lines
    marks: dict[str, np.ndarray] = field(default_factory=dict)  # named boolean masks over the table, for dirt


@dataclass(frozen=True)
class Stream:
    """All lines of one stream; ``form`` is jsonl, csv, csv.gz or parquet."""

    product: str
    name: str
    batches: list[Batch]
    form: str = "jsonl"
    keys: list[np.ndarray] | None = None  # natural key of every table row per batch, where rows are versions

    def superseded(self) -> int:
        """Older versions among the lines: all but the last received of every key."""
        if self.keys is None:
            return 0
        keys = np.concatenate([key[batch.rows] for key, batch in zip(self.keys, self.batches, strict=True)])
        return len(keys) - len(np.unique(keys))


def midnight(day: np.ndarray | int) -> np.ndarray | int:
    """Local midnight at which a local day begins, in ms."""
    return day * MS_PER_DAY - OFFSET_MS


def local_day(ms: np.ndarray) -> np.ndarray:
    return (ms + OFFSET_MS) // MS_PER_DAY


def weekday_factor(days: np.ndarray) -> np.ndarray:
    """Weekly season of local days since 1970 (day 0 was a Thursday)."""
    return _WEEKDAYS[(days + 3) % 7]


def chance(rng: np.random.Generator, n: int, p: float | np.ndarray) -> np.ndarray:
    """Boolean draws with probability ``p`` (one for all, or one each)."""
    return rng.random(n) < p


def pick(rng: np.random.Generator, n: int, weights: list[float] | np.ndarray) -> np.ndarray:
    """Codes 0..len(weights)-1 drawn in proportion to ``weights``."""
    edges = np.cumsum(np.asarray(weights, float))
    return np.searchsorted(edges, rng.random(n) * edges[-1], side="right").astype(np.int16)


def time_of_day(rng: np.random.Generator, n: int) -> np.ndarray:
    """Milliseconds after local midnight: busy evenings, quiet nights, and a few right at the day cut."""
    ms = pick(rng, n, _HOURS).astype(np.int64) * HOUR + rng.integers(0, HOUR, n)
    edge = rng.random(n)
    ms[edge < 0.001] = 0
    ms[edge > 0.999] = MS_PER_DAY - 1
    return ms


def joined(rng: np.random.Generator, n: int, world: World) -> np.ndarray:
    """When each of n people first shows up, in ms: gentle growth with a weekly season."""
    weights = weekday_factor(world.all_days) * (1 + 0.5 * np.arange(world.days) / world.days)
    return midnight(world.start + pick(rng, n, weights).astype(np.int64)) + time_of_day(rng, n)


def visits(
    rng: np.random.Generator, joined_ms: np.ndarray, keenness: np.ndarray, decay: float, world: World
) -> tuple[np.ndarray, np.ndarray]:
    """Days on which people come, fading with age: (person, ms of arrival), sorted by person and day.

    Everyone comes at the moment of joining; later with probability keenness x (1 + age) ** -decay x weekday.
    """
    first = local_day(joined_ms)
    people, days = [], []
    for low in range(0, len(joined_ms), _USERS_AT_ONCE):
        part = slice(low, low + _USERS_AT_ONCE)
        age = world.all_days[None, :] - first[part, None]
        p = (
            keenness[part, None]
            * (1.0 + np.maximum(age, 0)) ** -decay
            * weekday_factor(world.all_days)[None, :]
        )
        comes = (age == 0) | ((age > 0) & (rng.random(age.shape) < p))
        person, day = np.nonzero(comes)
        people.append(person + low)
        days.append(day + world.start)
    person, day = np.concatenate(people), np.concatenate(days)
    ms = midnight(day) + time_of_day(rng, len(day))
    return person, np.where(day == first[person], joined_ms[person], ms)


def repeated(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of a child table with ``counts`` children per parent: (parent, ordinal from 0)."""
    parent = np.repeat(np.arange(len(counts)), counts)
    return parent, np.arange(len(parent)) - np.repeat(np.cumsum(counts) - counts, counts)


def elapsed(parent: np.ndarray, gaps: np.ndarray) -> np.ndarray:
    """Running sum of ``gaps`` within each parent (rows of one parent lie together)."""
    total = np.cumsum(gaps)
    return total - (total - gaps)[first_of_each(parent)]


def first_of_each(parent: np.ndarray) -> np.ndarray:
    """For every row the position of the first row of its parent (rows of one parent lie together)."""
    starts = np.ones(len(parent), bool)
    starts[1:] = parent[1:] != parent[:-1]
    return np.flatnonzero(starts)[np.cumsum(starts) - 1]


def lognormal_ms(
    rng: np.random.Generator, n: int, median: float | np.ndarray, spread: float = 0.5
) -> np.ndarray:
    """Positive durations in whole ms around ``median`` (ms)."""
    return np.maximum(1, median * np.exp(rng.normal(0, spread, n))).astype(np.int64)


def arrival(rng: np.random.Generator, time: np.ndarray) -> np.ndarray:
    """UTC day of arrival: mostly the day of the event, a few per cent one to five days late."""
    late = np.where(
        chance(rng, len(time), SHARE_LATE), np.minimum(rng.geometric(0.5, len(time)), MAX_DAYS_LATE), 0
    )
    return time // MS_PER_DAY + late


def batch(
    world: World,
    rng: np.random.Generator,
    name: str,
    time: np.ndarray,
    fields: dict[str, Column | dict],
    where: np.ndarray | None = None,
    arrived: np.ndarray | None = None,
    marks: dict[str, np.ndarray] | None = None,
) -> Batch:
    """Lines for the rows where ``where`` holds and that lie within the days of the world."""
    within = (time >= world.start_ms) & (time < world.end_ms)
    rows = np.flatnonzero(within if where is None else within & where)
    return Batch(name, fields, time, arrival(rng, time) if arrived is None else arrived, rows, marks or {})
