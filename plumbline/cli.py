"""The `plumbline` command. Exit codes: 0 passed, 1 tests or gates failed, 2 usage or environment."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape

from plumbline.errors import PlumblineError
from plumbline.paths import DataPaths


class _Day(click.ParamType):
    """A calendar day written YYYY-MM-DD."""

    name = "YYYY-MM-DD"

    def convert(self, value: str | date, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            day = date.fromisoformat(value)
        except ValueError:
            day = None
        if day is None or day.isoformat() != value:
            self.fail(f"{value!r} is not a day; write it as YYYY-MM-DD, for example 2026-03-31.", param, ctx)
        return day


_data = click.option(
    "--data", metavar="DIR", help="Data folder; default: PLUMBLINE_DATA, else data/ in the project."
)


_target = click.option(
    "--target", envvar="PLUMBLINE_TARGET", default="duckdb", show_default=True, help="duckdb or clickhouse."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Raw product events in, tested and published metrics out."""


@commands.command()
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder to write to."
)
@click.option("--users", type=click.IntRange(1), default=2000, show_default=True, help="People per product.")
@click.option("--days", type=click.IntRange(1), default=90, show_default=True, help="Local days of history.")
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed writes the same bytes.")
@click.option(
    "--dirty", type=click.FloatRange(0, 0.5), default=0.02, show_default=True, help="Share of damaged lines."
)
@click.option("--start", type=_Day(), default="2026-01-01", show_default=True, help="First local day.")
def demo(out: Path, users: int, days: int, seed: int, dirty: float, start: date) -> None:
    """Write a demo drop for all five products, with the planted truth in _truth/."""
    from plumbline.demo import write_demo

    drop = write_demo(out, users=users, days=days, seed=seed, dirty=dirty, start=start)
    print(f"{drop.total:,} lines in {out}, {drop.damaged:,} of them damaged; truth: {out / '_truth'}")


@commands.command()
@_data
@_target
def land(data: str | None, target: str) -> None:
    """Raw drop → landed lines; what has landed before adds nothing."""
    from plumbline.land import land as land_all
    from plumbline.warehouse import open_warehouse

    paths = DataPaths.from_env(data)
    landed = land_all(paths)
    with open_warehouse(target, paths) as warehouse:
        warehouse.take_in(lambda name, done, total: None)
    print(
        f"{landed.lines:,} lines landed from {landed.files:,} files in {landed.seconds:.1f} s; "
        f"{landed.already_landed:,} files had landed before, {landed.unreadable:,} cannot be read"
    )


@commands.command()
@_data
@click.option(
    "--as-of",
    type=_Day(),
    envvar="PLUMBLINE_AS_OF",
    help="Last local day the marts describe; default: the last complete one.",
)
@click.option("--full-refresh", is_flag=True, help="Build incremental tables anew.")
@_target
@click.option("--select", "selection", metavar="NODES...", help="Build only these; never published.")
@click.argument("more_nodes", nargs=-1, metavar="")
def build(
    data: str | None,
    as_of: date | None,
    full_refresh: bool,
    target: str,
    selection: str | None,
    more_nodes: tuple[str, ...],
) -> None:
    """Land, build, test, and publish when everything passed."""
    if more_nodes and not selection:
        raise click.UsageError(f"What is {' '.join(more_nodes)!r}? To build a part, use --select.")
    from plumbline.build import build as build_all

    select = (*selection.split(), *more_nodes) if selection else ()
    console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 120)
    result = build_all(DataPaths.from_env(data), console, as_of, full_refresh, target, select)
    if not result.passed:
        sys.exit(1)


@commands.command()
@_data
@_target
@click.option("--to", type=click.Choice(["duckdb"]), default="duckdb", show_default=True)
def publish(data: str | None, target: str, to: str) -> None:
    """Publish the marts of the last build again, if it passed."""
    from plumbline.publish import publish_duckdb
    from plumbline.warehouse import database_of

    paths = DataPaths.from_env(data)
    published = publish_duckdb(paths, database_of(target, paths))
    for path, (tables, rows) in published.files.items():
        print(f"served   {path}  ({tables} tables, {rows:,} rows)")
    print(f"Published build {published.build_id}.")


@commands.command()
@click.argument("metric")
@click.option("--product", required=True, help="Product, as in the metric catalogue.")
@click.option("--date", "day", type=_Day(), required=True, help="`date_day` of the row to explain.")
@click.option("--segment", help="Segment as name=value; default: the total.")
@_data
@_target
def explain(metric: str, product: str, day: date, segment: str | None, data: str | None, target: str) -> None:
    """Why a metric is what it is: its parts, its meaning, the rows that made it and those left out."""
    from plumbline.explain import explain as explain_metric

    console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
    explain_metric(DataPaths.from_env(data), console, metric, product, day, segment, target)


@commands.command()
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="File to write.")
@_data
def catalog(out: Path, data: str | None) -> None:
    """Write the metric catalogue of the last build as a Markdown page."""
    from plumbline.catalog import metric_page

    out.write_text(metric_page(DataPaths.from_env(data)), encoding="utf-8")


@commands.command()
@_data
def report(data: str | None) -> None:
    """Write the report of what is published: a static site, to be opened without a server."""
    from plumbline.report import write_report

    written = write_report(DataPaths.from_env(data))
    print(f"{written.questions} charts on {written.pages} pages: open {written.index}")


def main() -> None:
    """Entry point: what a user can cause is one sentence on stderr and exit code 2."""
    try:
        commands()
    except (PlumblineError, OSError) as error:
        Console(stderr=True, soft_wrap=True).print(
            f"[bold red]Error:[/] {escape(str(error))}", highlight=False
        )
        sys.exit(2)


if __name__ == "__main__":
    main()
