"""`plumbline build` on each engine against one full scan of the landed Parquet."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from plumbline.engine import connect
from plumbline.paths import PROJECT_ROOT, DataPaths

#: Models that make judged events of landed lines; the rest of `normalized` belongs to the marts.
EVENTS = (
    "irregular_records",
    "plan_event_names",
    "plan_event_rules",
    "plan_event_keys",
    "named_events",
    "event_violations",
    "rejected_lines",
    "duplicate_lines",
    "line_status",
    "reporting_clock",
    "person_links",
    "file_status",
    "events",
)

#: Models of funnels and of states, over `journey_events`.
FUNNELS = (
    *("funnel_events", "funnel_journeys", "funnel_conversions"),
    *("person_campaigns", "state_events", "retention_intervals", "state_entries"),
    *("funnel_states", "funnel_transitions", "funnel_matrix"),
)

#: Target → what it builds, below `warehouse/`.
BUILT = {"duckdb": "build.duckdb*", "clickhouse": "clickhouse"}


@dataclass(frozen=True)
class BuildTimes:
    """Median seconds of one scan, of loading and of each model on one engine; the most memory held (MiB)."""

    scan: float
    loading: float
    models: dict[str, float]
    peak_mib: float

    def seconds(self, *models: str) -> float:
        """What the models take together."""
        return sum(self.models.get(model, 0.0) for model in models)

    def scans(self, *models: str) -> float:
        """How many scans the models take together."""
        return self.seconds(*models) / self.scan


def build_times(paths: DataPaths, repeats: int = 3) -> dict[str, BuildTimes]:
    """Target → times of builds of `paths` (landed already) from nothing, by turns, each between two scans."""
    scans = [scan_seconds(paths)]
    loading: dict[str, list[float]] = {target: [] for target in BUILT}
    models: dict[str, list[dict[str, float]]] = {target: [] for target in BUILT}
    peaks: dict[str, list[float]] = {target: [] for target in BUILT}
    for _ in range(repeats):
        for target, built in BUILT.items():
            for path in paths.warehouse.glob(built):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
            # The second load has nothing to do: what it takes is not loading.
            first, second = (_plumbline(paths, "land", target)[0] for _ in range(2))
            loading[target].append(max(first - second, 0))
            peaks[target].append(_plumbline(paths, "build", target)[1])
            models[target].append(_model_seconds(paths))
            scans.append(scan_seconds(paths))
    return {
        target: BuildTimes(
            median(scans),
            median(loading[target]),
            {name: median(run[name] for run in models[target]) for name in models[target][0]},
            max(peaks[target]),
        )
        for target in BUILT
    }


def _model_seconds(paths: DataPaths) -> dict[str, float]:
    """Model → seconds in the last build."""
    results = json.loads((paths.warehouse / "target/run_results.json").read_bytes())["results"]
    return {
        node["unique_id"].split(".")[-1]: node["execution_time"]
        for node in results
        if node["unique_id"].startswith("model.")
    }


def landed_lines(paths: DataPaths) -> int:
    with connect() as connection:
        return connection.execute(f"select count(*) from '{_landed(paths)}'").fetchall()[0][0]


def _landed(paths: DataPaths) -> str:
    return f"{paths.landed}/*/*/*.parquet"


def scan_seconds(paths: DataPaths) -> float:
    with connect() as connection:
        connection.execute("set threads = 2")
        started = time.perf_counter()
        connection.execute(f"select max(hash(raw)) from '{_landed(paths)}'").fetchall()
        return time.perf_counter() - started


def _plumbline(paths: DataPaths, command: str, target: str) -> tuple[float, float]:
    """Seconds and peak memory in MiB of one command and its children; a build runs no tests."""
    arguments = [
        sys.executable,
        "-m",
        "plumbline.cli",
        command,
        "--target",
        target,
        "--data",
        str(paths.root),
    ]
    models_only = {**os.environ, "DBT_EXCLUDE_RESOURCE_TYPES": "test"}
    started = time.perf_counter()
    process = subprocess.Popen(arguments, cwd=PROJECT_ROOT, env=models_only, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(arguments[2:])} failed: run it to see why.")
    return time.perf_counter() - started, usage.ru_maxrss / 1024


def mart_families() -> dict[str, tuple[str, ...]]:
    """Models by family: each folder below models/marts, and the facts that they share."""
    families = {
        folder.name: tuple(sorted(model.stem for model in folder.rglob("*.sql")))
        for folder in sorted(Path(PROJECT_ROOT / "models/marts").iterdir())
        if folder.is_dir()
    }
    shared = sorted(model.stem for model in Path(PROJECT_ROOT / "models/normalized").rglob("*.sql"))
    return {"facts": tuple(model for model in shared if model not in EVENTS), **families}
