"""`make bench`: ratios on a demo drop of over 3 million lines."""

from __future__ import annotations

import shutil
from datetime import date

import click
from rich.console import Console
from rich.table import Table

from benchmarks.build import EVENTS, build_times, mart_families
from benchmarks.landing import landing_ratio
from plumbline.demo import write_demo
from plumbline.land import land
from plumbline.paths import DataPaths

START = date(2026, 1, 5)


@click.command()
@click.option("--users", default=26_000, show_default=True, help="About 117 lines each.")
@click.option("--repeats", default=3, show_default=True, help="Interleaved repeats; medians are shown.")
def main(users: int, repeats: int) -> None:
    """Writes a drop, lands and builds it, and prints what that cost in scans of the landed Parquet."""
    console = Console()
    paths = DataPaths.from_env("data/bench")
    shutil.rmtree(paths.root, ignore_errors=True)
    console.print("Writing a demo drop ...")
    write_demo(paths.raw, users, 60, 7, 0.01, START)
    console.print("Landing ...")
    landing = landing_ratio(paths, repeats)
    land(paths)
    console.print(f"Building {repeats} times ...")
    times = build_times(paths, repeats)

    table = Table(title=f"{times.lines:,} lines; a scan hashes every landed line", title_justify="left")
    table.add_column("what")
    table.add_column("against")
    table.add_column("ratio", justify="right")
    table.add_row("landing clean JSON lines", "strict read_json", f"{landing['ratio']:.2f}")
    table.add_row("judged events, landed lines to `events`", "scan", f"{times.scans(*EVENTS):.1f}")
    for model in EVENTS:
        table.add_row(f"  {model}", "scan", f"{times.scans(model):.1f}")
    for family, models in mart_families().items():
        what = "facts behind the marts" if family == "facts" else f"marts: {family}"
        table.add_row(what, "scan", f"{times.scans(*models):.1f}")
    table.add_row("peak memory of a build", "", f"{times.peak_mib:,.0f} MiB")
    table.add_row("one scan", "", f"{times.scan:.2f} s")
    console.print(table)


if __name__ == "__main__":
    main()
