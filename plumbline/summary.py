"""The closing summary of a build: on the terminal and, as the same page, in `report/build.html`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import duckdb
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from plumbline.dbt_runner import Node
from plumbline.engine import connect
from plumbline.paths import DataPaths

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
from normalized.line_status
group by product
order by product
"""

TOP_REASONS = """
select status, reason, count(*) as lines
from normalized.line_status
where reason is not null
group by status, reason
order by lines desc, reason
limit 10
"""

FILES_WITH_FAULTS = """
select reason, count(*), min(source_file)
from normalized.file_status
where status = 'unreadable'
group by reason
order by reason
"""

STREAMS_ABSENT = """
select product, string_agg(stream, ', ' order by stream)
from seeds.plan_streams
where (product, stream) not in (select (product, stream) from normalized.line_status)
group by product
order by product
"""


def print_summary(build: Build, paths: DataPaths, console: Console) -> None:
    """Prints what came in, what became of it, what failed, and where the results lie; writes the report."""
    page = Console(record=True, width=110, file=_Nowhere())
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
    assert build.dbt is not None
    console.print()
    with connect(build.database, read_only=True) as connection:
        if build.passed and not build.partial:
            _print_lines(connection, console)
    _print_nodes(build.dbt.nodes, console)
    _print_closing(build, paths, console)


def _print_lines(connection: duckdb.DuckDBPyConnection, console: Console) -> None:
    rows = connection.execute(LINES_BY_PRODUCT).fetchall()
    totals = ("all", *(sum(row[column] for row in rows) for column in range(1, 6)))
    console.print(
        _table(
            "Received lines",
            ("product", "received", "accepted", "quarantined", "duplicate", "blank"),
            [*rows, totals],
        )
    )
    reasons = connection.execute(TOP_REASONS).fetchall()
    if reasons:
        console.print(_table("Top reasons", ("status", "reason", "lines"), reasons))
    faults = connection.execute(FILES_WITH_FAULTS).fetchall()
    if faults:
        console.print(_table("Files that cannot be read", ("reason", "files", "for example"), faults))
    for product, streams in connection.execute(STREAMS_ABSENT).fetchall():
        console.print(f"Nothing received: {product} ({streams})", style="dim", highlight=False)


def _print_nodes(nodes: Sequence[Node], console: Console) -> None:
    built = [node for node in nodes if node.kind in ("model", "seed", "snapshot")]
    tests = Counter(node.status for node in nodes if node.kind in ("test", "unit_test"))
    for node in nodes:
        if node.status == "warn":
            rows = f" ({node.failures:,} rows)" if node.failures else ""
            console.print(f"[yellow]warning[/]  {escape(node.name)}{rows}", highlight=False)
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
    console.print("\n" + ", ".join(counts), highlight=False)


def _print_failure(node: Node, console: Console) -> None:
    """What failed, where it is written, and what to look at next."""
    what = f"{node.failures:,} rows" if node.status == "fail" else node.message.strip()
    console.print(
        f"[bold red]FAILED[/]   {escape(node.kind)} {escape(node.name)}: {escape(what)}", highlight=False
    )
    if node.description:
        console.print(f"  meaning  {escape(' '.join(node.description.split()))}", highlight=False)
    console.print(f"  where    {escape(node.where)}", highlight=False)
    if node.compiled:
        console.print(f"  rows     run {escape(node.compiled)}", highlight=False, soft_wrap=True)


def _print_closing(build: Build, paths: DataPaths, console: Console) -> None:
    if build.published:
        for path, (tables, rows) in build.published.files.items():
            console.print(
                f"served   {path}  ({tables} tables, {rows:,} rows)", highlight=False, soft_wrap=True
            )
        verdict = f"[bold green]Published[/] build {build.build_id}."
    elif build.passed:
        verdict = "Passed, not published (partial selection)."
    else:
        verdict = "[bold red]Not published[/]: readers keep the last passing build. Mend this and run again."
    console.print(f"report   {paths.report / 'build.html'}", highlight=False, soft_wrap=True)
    took = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in build.seconds.items())
    console.print(f"seconds  {took}", highlight=False)
    console.print(verdict, highlight=False)


def _table(title: str, headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    numbers = [all(isinstance(row[column], int) for row in rows) for column in range(len(headings))]
    for heading, is_number in zip(headings, numbers, strict=True):
        table.add_column(heading, justify="right" if is_number else "left")
    for row in rows:
        table.add_row(*(f"{cell:,}" if isinstance(cell, int) else escape(str(cell or "")) for cell in row))
    return table
