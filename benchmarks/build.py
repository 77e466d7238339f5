"""`dbt build` of the warehouse against one full scan of the landed Parquet."""

from __future__ import annotations

import json
import os
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
    "file_status",
    "events",
)


@dataclass(frozen=True)
class BuildTimes:
    """Median seconds of one scan and of each model, and the most memory a build held (MiB)."""

    lines: int
    scan: float
    models: dict[str, float]
    peak_mib: float

    def scans(self, *models: str) -> float:
        """How many scans the models take together."""
        return sum(self.models.get(model, 0.0) for model in models) / self.scan


def build_times(paths: DataPaths, repeats: int = 3) -> BuildTimes:
    """Builds `paths` (landed already) from nothing, `repeats` times, each between two scans."""
    scans: list[float] = []
    seconds: dict[str, list[float]] = {}
    peak = 0.0
    for _ in range(repeats):
        scans.append(scan_seconds(paths))
        for file in paths.warehouse.glob("build.duckdb*"):
            file.unlink()
        peak = max(peak, _build(paths))
        scans.append(scan_seconds(paths))
        results = json.loads((paths.warehouse / "target/run_results.json").read_text())
        for node in results["results"]:
            if node["unique_id"].startswith("model."):
                seconds.setdefault(node["unique_id"].split(".")[-1], []).append(node["execution_time"])
    with connect() as connection:
        lines = connection.execute(f"select count(*) from '{_landed(paths)}'").fetchall()[0][0]
    return BuildTimes(lines, median(scans), {model: median(times) for model, times in seconds.items()}, peak)


def _landed(paths: DataPaths) -> str:
    return f"{paths.landed}/*/*/*.parquet"


def scan_seconds(paths: DataPaths) -> float:
    with connect() as connection:
        connection.execute("set threads = 2")
        started = time.perf_counter()
        connection.execute(f"select max(hash(raw)) from '{_landed(paths)}'").fetchall()
        return time.perf_counter() - started


def _build(paths: DataPaths) -> float:
    """Peak memory in MiB of one `plumbline build` and its children."""
    command = [sys.executable, "-c", "from plumbline.cli import main; main()", "build"]
    environment = {**os.environ, "PLUMBLINE_DATA": str(paths.root)}
    process = subprocess.Popen(command, cwd=PROJECT_ROOT, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"plumbline build failed in {paths.root}: run it there to see why.")
    return usage.ru_maxrss / 1024


def mart_families() -> dict[str, tuple[str, ...]]:
    """Models by family: each folder below models/marts, and the facts that they share."""
    families = {
        folder.name: tuple(sorted(model.stem for model in folder.glob("*.sql")))
        for folder in sorted(Path(PROJECT_ROOT / "models/marts").iterdir())
        if folder.is_dir()
    }
    shared = sorted(model.stem for model in Path(PROJECT_ROOT / "models/normalized").rglob("*.sql"))
    return {"facts": tuple(model for model in shared if model not in EVENTS), **families}
