"""`make bench`: what each step costs on both engines, as ratios, on a demo drop of over 3 million lines."""

from __future__ import annotations

import shutil
from datetime import date

import click
from rich.console import Console
from rich.table import Table

from benchmarks.build import EVENTS, build_times, landed_lines, mart_families
from benchmarks.landing import landing_ratio
from benchmarks.metrics import MODELS, pandas_scans
from plumbline.demo import write_demo
from plumbline.land import land
from plumbline.paths import DataPaths

START = date(2026, 1, 5)


@click.command()
@click.option("--users", default=26_000, show_default=True, help="About 117 lines each.")
@click.option("--repeats", default=3, show_default=True, help="Interleaved repeats; medians are shown.")
def main(users: int, repeats: int) -> None:
    """Writes a drop, lands it, builds it on both engines, and prints what that cost in scans."""
    console = Console()
    paths = DataPaths.from_env("data/bench")
    shutil.rmtree(paths.root, ignore_errors=True)
    console.print("Writing a demo drop ...")
    write_demo(paths.raw, users, 60, 7, 0.01, START)
    console.print("Landing ...")
    landing = landing_ratio(paths, repeats)["ratio"]
    land(paths)
    console.print(f"Building {repeats} times on each engine ...")
    times = build_times(paths, repeats)
    script = pandas_scans(paths, repeats)
    engines = [times["duckdb"], times["clickhouse"]]

    table = Table(
        title=f"{landed_lines(paths):,} lines; 1 is a scan by DuckDB that hashes every landed line",
        title_justify="left",
    )
    for heading in ("what", "DuckDB", "ClickHouse"):
        table.add_column(heading, justify="left" if heading == "what" else "right")

    def row(what: str, *models: str) -> None:
        table.add_row(what, *(f"{engine.scans(*models):.2f}" for engine in engines))

    table.add_row("loading landed lines", "", f"{engines[1].loading / engines[1].scan:.2f}")
    row("judged events, landed lines to `events`", *EVENTS)
    for model in EVENTS:
        row(f"  {model}", model)
    for family, models in mart_families().items():
        row("facts behind the marts" if family == "facts" else f"marts: {family}", *models)
    row("all models", *engines[0].models)
    row("three marts and their facts", *MODELS)
    table.add_row("  the same in pandas", f"{script:.2f}", "")
    table.add_row("peak memory of a build", *(f"{engine.peak_mib:,.0f} MiB" for engine in engines))
    console.print(table)
    console.print(f"Landing clean JSON lines takes {landing:.2f} times as long as DuckDB's strict read_json.")
    console.print(f"A scan took {engines[0].scan:.3f} s.")


if __name__ == "__main__":
    main()
