"""What is true of a drop by construction: metric values from the simulated arrays, planted lines by kind."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np

METRIC_COLUMNS = [
    "metric_key",
    "product",
    "date_day",
    "segment",
    "segment_value",
    "numerator",
    "denominator",
    "value",
]
PLANTED_COLUMNS = ["kind", "reason", "product", "stream", "lines"]


class Truth:
    """Collects metric rows (one per key, product, day, segment) and planted lines, and writes both as CSV."""

    def __init__(self, days: np.ndarray) -> None:
        self.days = days
        self.metrics: list[list[object]] = []
        self.planted: Counter[tuple[str, str, str, str]] = Counter()

    def series(
        self,
        key: str,
        product: str,
        numerator: np.ndarray,
        denominator: np.ndarray | None = None,
        segment: tuple[str, str] = ("all", "all"),
        days: np.ndarray | None = None,
    ) -> None:
        """One row per day. Without denominator the value is the numerator; zero denominators give none."""
        shown = np.datetime_as_string((self.days if days is None else days).astype("datetime64[D]")).tolist()
        for at, day in enumerate(shown):
            top = numerator[at].item()
            if denominator is None:
                self.metrics.append([key, product, day, *segment, top, None, top])
            else:
                below = denominator[at].item()
                self.metrics.append([key, product, day, *segment, top, below, top / below if below else None])

    def counts(self, days: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
        """Rows (or their integer weights) per local day of the drop, from the local day of each row."""
        totals = np.zeros(len(self.days), np.int64)
        np.add.at(totals, days - self.days[0], 1 if weights is None else weights)
        return totals

    def people(self, days: np.ndarray, person: np.ndarray) -> np.ndarray:
        """Distinct people per local day."""
        base = int(self.days[0])
        return self.counts(np.unique(person * len(self.days) + (days - base)) % len(self.days) + base)

    def first_days(self, days: np.ndarray, person: np.ndarray) -> np.ndarray:
        """People per local day of their first row."""
        order = np.lexsort((days, person))
        first = np.flatnonzero(np.r_[True, np.diff(person[order]) != 0]) if len(order) else order
        return self.counts(days[order][first])

    def plant(self, kind: str, reason: str, product: str, stream: str, lines: int = 1) -> None:
        if lines:
            self.planted[(kind, reason, product, stream)] += lines

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        _write_csv(folder / "metrics.csv", METRIC_COLUMNS, self.metrics)
        _write_csv(
            folder / "planted.csv", PLANTED_COLUMNS, ([*key, n] for key, n in sorted(self.planted.items()))
        )


def _write_csv(path: Path, header: list[str], rows: Iterable[list[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
