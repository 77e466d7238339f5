"""`make bench`: what each step costs on both engines, as ratios, on a demo drop of over 3 million lines."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from datetime import date

import click
from rich.console import Console
from rich.table import Table

from benchmarks.build import EVENTS, FUNNELS, BuildTimes, build_times, landed_lines, mart_families
from benchmarks.landing import landing_ratio
from benchmarks.metrics import MODELS, pandas_scans
from benchmarks.shapes import mrr_seconds, window_seconds
from plumbline.demo import write_demo
from plumbline.land import land
from plumbline.paths import DataPaths

START = date(2026, 1, 5)
#: Drops with one 16th and one 4th of the users show how costs grow up to the whole.
PARTS = (16, 4, 1)


@click.command()
@click.option("--users", default=26_000, show_default=True, help="About 117 lines each.")
@click.option("--repeats", default=3, show_default=True, help="Interleaved repeats; medians are shown.")
def main(users: int, repeats: int) -> None:
    """Writes a drop, lands it, builds it on both engines, and prints what that cost in scans."""
    console = Console()
    paths = DataPaths.from_env("data/bench")
    shutil.rmtree(paths.root, ignore_errors=True)
    console.print("Writing demo drops and landing them ...")
    landing = landing_ratio(paths, repeats)["ratio"]
    drops = [paths if part == 1 else DataPaths(paths.root / f"part_{part}") for part in PARTS]
    for part, drop in zip(PARTS, drops, strict=True):
        write_demo(drop.raw, users // part, 60, 7, 0.01, START)
        land(drop)
    console.print(f"Building each {repeats} times on each engine ...")
    sizes = {landed_lines(drop): build_times(drop, repeats) for drop in drops}
    script = pandas_scans(paths, repeats)
    console.print(costs(landed_lines(paths), sizes[landed_lines(paths)], script))
    console.print(growth(sizes, window_seconds(paths, repeats), mrr_seconds(paths, repeats)))
    console.print(f"Landing clean JSON lines takes {landing:.2f} times as long as DuckDB's strict read_json.")
    console.print(f"A scan took {sizes[landed_lines(paths)]['duckdb'].scan:.3f} s.")


def costs(lines: int, times: dict[str, BuildTimes], script: float) -> Table:
    """What each step of a build takes, in scans."""
    engines = [times["duckdb"], times["clickhouse"]]
    table = Table(
        title=f"{lines:,} lines; 1 is a scan by DuckDB that hashes every landed line",
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
    row("funnels, states and transitions", *FUNNELS)
    row("all models", *engines[0].models)
    row("three marts and their facts", *MODELS)
    table.add_row("  the same in pandas", f"{script:.2f}", "")
    table.add_row("peak memory of a build", *(f"{engine.peak_mib:,.0f} MiB" for engine in engines))
    return table


def growth(
    sizes: dict[int, dict[str, BuildTimes]],
    windows: dict[int, float],
    histories: dict[int, tuple[float, float]],
) -> Table:
    """What more lines, longer windows and a longer history of subscriptions cost."""
    table = Table(title="How costs grow; 1 is the first of a row", title_justify="left")
    for heading in ("what", "over", "DuckDB", "ClickHouse"):
        table.add_column(heading, justify="left" if heading in ("what", "over") else "right")

    def row(what: str, over: Iterable[int], unit: str, *engines: list[float]) -> None:
        ratios = (" / ".join(f"{value / values[0]:.2f}" for value in values) for values in engines)
        table.add_row(what, f"{' / '.join(f'{number:,}' for number in over)} {unit}", *ratios)

    for what, models in {
        "a line in journeys and sessions": ("journey_events", "sessions"),
        "a line in funnels, states and transitions": FUNNELS,
        "a line in all models": tuple(next(iter(sizes.values()))["duckdb"].models),
    }.items():
        a_line = (
            [times[target].seconds(*models) / lines for lines, times in sizes.items()]
            for target in ("duckdb", "clickhouse")
        )
        row(what, sizes, "lines", *a_line)
    row("rolling actives", windows, "days", [*windows.values()])
    changes, marts = map(list, zip(*histories.values(), strict=True))
    row("changes of recurring revenue", histories, "times the history", changes)
    row("marts of recurring revenue, by day", histories, "times the history", marts)
    return table


if __name__ == "__main__":
    main()
