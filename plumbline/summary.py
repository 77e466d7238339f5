"""The closing summary of a build: on the terminal and, as the same page, in `report/build.html`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from plumbline.dbt_runner import Node
from plumbline.engine import connect
from plumbline.paths import PROJECT_ROOT, DataPaths
from plumbline.warehouse import Warehouse

if TYPE_CHECKING:
    from plumbline.build import Build

LINES_BY_PRODUCT = """
select
    product,
    count(*),
    count(*) filter (where status = 'accepted'),
    count(*) filter (where status = 'quarantined'),
    count(*) filter (where status = 'duplicate'),
    count(*) filter (where status = 'blank')
from {prefix}normalized.line_status
group by product
order by product
"""

TOP_REASONS = """
select status, reason, count(*) as lines
from {prefix}normalized.line_status
where reason is not null
group by status, reason
order by lines desc, reason
limit 10
"""

FILES_WITH_FAULTS = """
select reason, count(*), min(source_file)
from {prefix}normalized.file_status
where status = 'unreadable'
group by reason
order by reason
"""

STREAMS_ABSENT = """
select product, stream
from {prefix}seeds.plan_streams
where (product, stream) not in (select (product, stream) from {prefix}normalized.line_status)
order by product, stream
"""

# The latest mature day of each metric, and the day before it: an unfinished cohort is no headline.
HEADLINES = """
with latest as (
    select metric_key, product, max(date_day) as date_day
    from marts.metrics_daily
    where segment = 'all' and is_mature
    group by metric_key, product
)

select
    catalog.name_en,
    catalog.unit,
    metrics.product,
    metrics.value,
    before.value,
    metrics.is_low_n,
    metrics.evaluability
from marts.metric_catalog as catalog
inner join latest on catalog.metric_key = latest.metric_key and catalog.product = latest.product
inner join marts.metrics_daily as metrics
    on
        latest.metric_key = metrics.metric_key
        and latest.product = metrics.product
        and latest.date_day = metrics.date_day
        and metrics.segment = 'all'
left join marts.metrics_daily as before
    on
        latest.metric_key = before.metric_key
        and latest.product = before.product
        and latest.date_day - 1 = before.date_day
        and before.segment = 'all'
where catalog.is_headline
order by catalog.priority, catalog.name_en, metrics.product
"""

NOT_EVALUABLE = """
select distinct catalog.name_en, catalog.product, catalog.required_event
from marts.metric_catalog as catalog
inner join marts.metrics_daily as metrics
    on catalog.metric_key = metrics.metric_key and catalog.product = metrics.product
where metrics.evaluability = 'not_evaluable'
order by catalog.name_en, catalog.product
"""

PRODUCTS_WITHOUT_METRICS = """
select product, count(*)
from marts.metric_catalog
where status = 'built' and product not in (select product from marts.metrics_daily)
group by product
order by product
"""


def print_summary(build: Build, paths: DataPaths, console: Console) -> None:
    """Prints what came in, what became of it, what failed, and where the results lie; writes the report."""
    page = Console(record=True, width=110, highlight=False, soft_wrap=True, file=_Nowhere())
    for screen in (console, page):
        _print(build, paths, screen)
    paths.report.mkdir(parents=True, exist_ok=True)
    page.save_html(str(paths.report / "build.html"))


class _Nowhere:
    """A file that forgets: the recorded page is saved, not shown."""

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        pass


def _print(build: Build, paths: DataPaths, console: Console) -> None:
    assert build.dbt is not None and build.landed is not None
    console.print(f"\nLanded {build.landed.lines:,} new lines from {build.landed.files:,} new files.\n")
    if build.passed and not build.partial:
        _print_lines(build.warehouse, console)
        with connect(build.warehouse.database, read_only=True) as connection:
            _print_headlines(connection, console)
    _print_nodes(build.dbt.nodes, console)
    _print_closing(build, paths, console)


def _print_lines(warehouse: Warehouse, console: Console) -> None:
    rows = warehouse.rows(LINES_BY_PRODUCT)
    totals = ("all", *(sum(row[column] for row in rows) for column in range(1, 6)))
    console.print(
        _table(
            "Received lines",
            ("product", "received", "accepted", "quarantined", "duplicate", "blank"),
            [*rows, totals],
        )
    )
    reasons = warehouse.rows(TOP_REASONS)
    if reasons:
        console.print(_table("Top reasons", ("status", "reason", "lines"), reasons))
    faults = warehouse.rows(FILES_WITH_FAULTS)
    if faults:
        console.print(_table("Files that cannot be read", ("reason", "files", "for example"), faults))
    for product, absent in groupby(warehouse.rows(STREAMS_ABSENT), itemgetter(0)):
        streams = ", ".join(stream for _, stream in absent)
        console.print(f"Nothing received: {product} ({streams})", style="dim")


def _print_headlines(connection: duckdb.DuckDBPyConnection, console: Console) -> None:
    """Headline metrics with the value of the day before, and what has no value and why."""
    [(as_of,)] = connection.execute("select as_of_date from marts.build_info").fetchall()
    cells: dict[str, dict[str, str]] = {}
    for metric, unit, product, value, before, is_low_n, evaluability in connection.execute(
        HEADLINES
    ).fetchall():
        shown = _in_unit(value, unit) if evaluability == "ok" else evaluability.replace("_", " ")
        shown += "" if before is None else f" (was {_in_unit(before, unit)})"
        cells.setdefault(metric, {})[product] = shown + (" (low n)" if is_low_n else "")
    products = sorted({product for row in cells.values() for product in row})
    if cells:
        rows = [(metric, *(row.get(product, "") for product in products)) for metric, row in cells.items()]
        console.print(_table(f"Headline metrics, {as_of} (and the day before)", ("metric", *products), rows))
    for metric, product, event in connection.execute(NOT_EVALUABLE).fetchall():
        console.print(
            f"Not evaluable: {metric} of {product} needs {event}, which was never received.", style="dim"
        )
    for product, metrics in connection.execute(PRODUCTS_WITHOUT_METRICS).fetchall():
        console.print(
            f"No metrics of {product}: nothing of it was accepted ({metrics} wait for it).", style="dim"
        )


def _in_unit(value: float | None, unit: str) -> str:
    """A number as people say it: shares in percent, counts and large sums whole, small sums with cents."""
    if value is None:
        return "no value"
    if unit.startswith("ratio"):
        return f"{value:.1%}"
    if unit == "money":
        return f"{value:,.2f}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"


def _print_nodes(nodes: Sequence[Node], console: Console) -> None:
    built = [node for node in nodes if node.kind in ("model", "seed", "snapshot")]
    tests = Counter(node.status for node in nodes if node.kind in ("test", "unit_test"))
    for node in nodes:
        if node.status == "warn":
            console.print(f"[yellow]warning[/]  {escape(node.name)}: {_rows(node)}")
    for node in nodes:
        if not node.passed and node.status != "skipped":
            _print_failure(node, console)
    counts = [
        f"{sum(node.passed for node in built)} of {len(built)} models and seeds built",
        f"{tests['pass']} tests passed",
        f"{tests['warn']} warned",
        f"{tests['fail'] + tests['error']} failed",
    ]
    skipped = sum(node.status == "skipped" for node in nodes)
    if skipped:
        counts.append(f"{skipped} skipped after a failure")
    console.print("\n" + ", ".join(counts))


def _print_failure(node: Node, console: Console) -> None:
    """What failed, where it is written, and what to look at next."""
    what = _rows(node) if node.status == "fail" else node.message.strip()
    console.print(f"[bold red]FAILED[/]   {escape(node.kind)} {escape(node.name)}: {escape(what)}")
    if node.description:
        console.print(f"  meaning  {escape(' '.join(node.description.split()))}")
    console.print(f"  where    {escape(node.where)}")
    if node.compiled:
        label = "rows     run" if node.status == "fail" else "SQL     "
        console.print(f"  {label} {escape(str(_shown(Path(node.compiled))))}")


def _rows(node: Node) -> str:
    return "1 row" if node.failures == 1 else f"{node.failures:,} rows"


def _print_closing(build: Build, paths: DataPaths, console: Console) -> None:
    if build.published:
        for path, (tables, rows) in build.published.files.items():
            console.print(f"served   {_shown(path)}  ({tables} tables, {rows:,} rows)")
        verdict = f"[bold green]Published[/] build {build.build_id}."
    elif build.passed:
        verdict = "Passed, not published (partial selection)."
    else:
        verdict = "[bold red]Not published[/]: readers keep the last passing build. Mend this and run again."
    console.print(f"report   {_shown(paths.report / 'build.html')}")
    took = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in build.seconds.items())
    console.print(f"seconds  {took}")
    console.print(verdict)


def _shown(path: Path) -> Path:
    """A path as one would type it in the project folder."""
    return path.relative_to(PROJECT_ROOT) if path.is_relative_to(PROJECT_ROOT) else path


def _table(title: str, headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    texts = [
        [f"{cell:,}" if isinstance(cell, int) else escape(str(cell or "")) for cell in row] for row in rows
    ]
    for heading, column in zip(headings, zip(*texts, strict=True), strict=True):
        is_number = any(text[:1].isdigit() for text in column)
        table.add_column(heading, justify="right" if is_number else "left", overflow="fold")
    for row in texts:
        table.add_row(*row)
    table.add_row()
    return table
