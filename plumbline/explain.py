"""`plumbline explain`: why a metric is what it is, from the tidy table down to rows and lines.

The YAML of a mart says beside a metric's column which rows make it, `meta: {rows: {of, where, days}}`: a
normalized relation, the conditions that a row must meet, and how many local days up to `date_day` it reads
(a number, `week`, `month` or `ever`, `ended_week` for the latest ISO week that has ended; 1 when it says
nothing); `day` names another date column, `ago` moves the days back by so many, `{date_day}` and
`{metric_key}` in a condition are what was asked for. The YAML of the relation names the canonical events
behind it and, where they differ, the columns of its segments: `meta: {canonical_events, segments}`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from plumbline.engine import connect, literal, quoted
from plumbline.errors import PlumblineError
from plumbline.paths import DataPaths
from plumbline.warehouse import Warehouse, open_warehouse

SAMPLE = 10
EVER = date(1970, 1, 1)

METRIC = """
select
    metric_key, segment, segment_value, value, numerator, denominator, is_mature, is_low_n, evaluability
from marts.metrics_daily
where metric_key = ? and product = ? and date_day = ?
"""

CATALOG = """
select
    metric_key, product, name_en, name_zh, definition, formula, unit, metric_window, date_day_means, priority,
    owner, source_document, requirement_id, status, mart, mart_column, required_event, caveat
from marts.metric_catalog
"""


@dataclass(frozen=True)
class Source:
    """The rows behind a metric: a relation of `normalized`, what a row must meet, first and last day."""

    relation: str
    day: str
    conditions: tuple[str, ...]
    canonical_events: tuple[str, ...]
    segments: dict[str, str]
    columns: tuple[str, ...]
    first_day: date
    last_day: date

    @property
    def made(self) -> str:
        """Condition of the rows that count."""
        return " and ".join(["true", *(f"({condition})" for condition in self.conditions)])


def explain(
    paths: DataPaths,
    console: Console,
    metric_key: str,
    product: str,
    day: date,
    segment: str | None = None,
    target: str = "duckdb",
) -> None:
    """Prints a metric's value, parts, meaning and flags, the rows that made it, and those left out and why.

    `segment` is `name=value`, or a value alone where it belongs to one segment only. Raises PlumblineError
    with the nearest names when there is no such metric, product, day or segment.
    """
    with open_warehouse(target, paths) as warehouse:
        if not warehouse.database.exists():
            raise PlumblineError(f"{warehouse.database} is not there: run `plumbline build` first.")
        catalog, metric = _metric(warehouse, metric_key, product, day, segment)
        _print_metric(catalog, metric, day, console)
        source = _source(paths, catalog, day)
        if source is None:
            console.print(f"Its mart says nothing about rows: look at marts.{catalog['mart']}.", style="dim")
            return
        _print_rows(warehouse, source, product, metric, console)
        _print_left_out(warehouse, source, product, metric, console)


def _metric(
    warehouse: Warehouse, metric_key: str, product: str, day: date, segment: str | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    with connect(warehouse.database, read_only=True) as connection:
        found = connection.execute(CATALOG)
        names = [column[0] for column in found.description]
        catalog = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        keys = sorted({row["metric_key"] for row in catalog})
        _known(metric_key, keys, "metric")
        of_key = {row["product"]: row for row in catalog if row["metric_key"] == metric_key}
        _known(product, sorted(of_key), f"product with {metric_key}")
        if of_key[product]["status"] != "built":
            raise PlumblineError(
                f"{metric_key} of {product} is planned and not built: its definition is in metric_catalog."
            )
        found = connection.execute(METRIC, [metric_key, product, day])
        names = [column[0] for column in found.description]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        if not rows:
            first, last = connection.execute(
                "select min(date_day), max(date_day) from marts.metrics_daily"
                " where metric_key = ? and product = ?",
                [metric_key, product],
            ).fetchall()[0]
            days = (
                f"it has the days from {first} to {last}" if first else "nothing of the product was accepted"
            )
            raise PlumblineError(f"{metric_key} of {product} has no row on {day}: {days}.")
    if segment is None and all(row["segment"] != "all" for row in rows):
        [kind] = {row["segment"] for row in rows}
        some = ", ".join(sorted(row["segment_value"] for row in rows)[:3])
        raise PlumblineError(
            f"{metric_key} has no total: choose one with --segment {kind}=VALUE (for example {some})."
        )
    named = {f"{row['segment']}={row['segment_value']}": row for row in rows}
    asked = "all=all" if segment is None else segment
    if "=" not in asked:
        same = [name for name in named if name.split("=", 1)[1] == asked]
        asked = same[0] if len(same) == 1 else asked
    _known(asked, sorted(named), f"segment of {metric_key} on {day}")
    return of_key[product], named[asked]


def _known(name: str, names: list[str], what: str) -> None:
    if name not in names:
        near = get_close_matches(name, names, n=5, cutoff=0.5) or names[:5]
        raise PlumblineError(f"There is no {what} {name!r}. The nearest: {', '.join(near)}.")


def _source(paths: DataPaths, catalog: dict[str, Any], day: date) -> Source | None:
    manifest = json.loads((paths.warehouse / "target" / "manifest.json").read_bytes())
    models = {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "model"}
    rows = models[catalog["mart"]]["columns"][catalog["mart_column"]]["config"]["meta"].get("rows")
    if rows is None:
        return None
    model = models[rows["of"]]
    asked, days = day, rows.get("days", 1)
    if days == "ended_week":
        day, days = day - timedelta(days=day.isoweekday() % 7), 7
    day -= timedelta(days=rows.get("ago", 0))
    first_day = {
        "week": day - timedelta(days=day.weekday()),
        "month": day.replace(day=1),
        "ever": EVER,
    }.get(days) or day - timedelta(days=int(days) - 1)
    return Source(
        relation=rows["of"],
        day=rows.get("day", "event_date"),
        conditions=tuple(
            condition.replace("{date_day}", literal(str(asked))).replace(
                "{metric_key}", literal(catalog["metric_key"])
            )
            for condition in rows.get("where", ())
        ),
        canonical_events=tuple(model["config"]["meta"].get("canonical_events", ())),
        segments={name: name for name in model["columns"]} | model["config"]["meta"].get("segments", {}),
        columns=tuple(column for column in model["columns"] if column != "product"),
        first_day=first_day,
        last_day=day,
    )


def _print_metric(catalog: dict[str, Any], metric: dict[str, Any], day: date, console: Console) -> None:
    segment = "" if metric["segment"] == "all" else f", {metric['segment']} {metric['segment_value']}"
    console.print(f"[bold]{escape(catalog['metric_key'])}[/] of {catalog['product']}, {day}{escape(segment)}")
    flags = [
        *([] if metric["is_mature"] else ["not mature: some windows have not ended"]),
        *(["low n: the denominator is small"] if metric["is_low_n"] else []),
        *([] if metric["evaluability"] == "ok" else [metric["evaluability"].replace("_", " ")]),
    ]
    if metric["evaluability"] == "not_evaluable":
        flags.append(f"{catalog['required_event']} was never received")
    rows = {
        "value": f"{_number(metric['value'])} {catalog['unit'] if metric['value'] is not None else ''}",
        "numerator": _number(metric["numerator"]),
        "denominator": _number(metric["denominator"]),
        "flags": "; ".join(flags) or "none",
        "name": f"{catalog['name_en']} / {catalog['name_zh']}",
        "definition": catalog["definition"],
        "formula": catalog["formula"],
        "window": catalog["metric_window"],
        "date_day is": catalog["date_day_means"],
        "asked for by": f"{catalog['requirement_id']}, {catalog['source_document']} ({catalog['priority']})",
        "owner": catalog["owner"],
        "stands in": f"marts.{catalog['mart']}.{catalog['mart_column']}",
        "caveat": catalog["caveat"],
    }
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, said in rows.items():
        if said:
            table.add_row(name, escape(said.strip()))
    console.print(table)


def _print_rows(
    warehouse: Warehouse, source: Source, product: str, metric: dict[str, Any], console: Console
) -> None:
    where = f"{_in_days(source, product, metric)} and {source.made}"
    people = "count(distinct person_key)" if "person_key" in source.columns else "null"
    [(count, of_people)] = warehouse.rows(
        f"select count(*), {people} from {{prefix}}normalized.{source.relation} where {where}"
    )
    by = "" if of_people is None else f" by {of_people:,} people"
    met = f" where {' and '.join(source.conditions)}" if source.conditions else ""
    console.print(
        f"\n[bold]Rows that made it[/]: {count:,}{by} of normalized.{source.relation},"
        f" {_days(source)}{escape(met)}"
    )
    columns = ", ".join(map(quoted, source.columns))
    sample = warehouse.rows(
        f"select {columns} from {{prefix}}normalized.{source.relation} where {where}"
        f" order by {columns} limit {SAMPLE}"
    )
    told = [at for at in range(len(source.columns)) if any(row[at] is not None for row in sample)]
    _print_table([source.columns[at] for at in told], [[row[at] for at in told] for row in sample], console)
    if count > len(sample):
        console.print(f"... and {count - len(sample):,} more", style="dim")


def _print_left_out(
    warehouse: Warehouse, source: Source, product: str, metric: dict[str, Any], console: Console
) -> None:
    """Rows of the same days that do not count, by the first condition they fail, and refused lines."""
    left_out = []
    kept = "true"
    for condition in source.conditions:
        [(count,)] = warehouse.rows(
            f"select count(*) from {{prefix}}normalized.{source.relation}"
            f" where {_in_days(source, product, metric)} and {kept} and not coalesce({condition}, false)"
        )
        left_out.append((f"row of {source.relation}", f"not: {condition}", count))
        kept += f" and coalesce({condition}, false)"
    left_out += warehouse.rows(_lines_left_out(warehouse, source, product))
    console.print(f"\n[bold]Left out[/], {_days(source)}")
    _print_table(("what", "why", "rows"), [row for row in left_out if row[2]], console)


def _lines_left_out(warehouse: Warehouse, source: Source, product: str) -> str:
    """Lines of the product that became no event, of these days and events or of nobody knows which."""
    [(offset,)] = warehouse.rows(
        f"select utc_offset_minutes from {{prefix}}seeds.plan_products where product = {literal(product)}"
    )
    start, end = (
        literal(str(datetime.combine(day, time()) - timedelta(minutes=offset)))
        for day in (source.first_day, source.last_day + timedelta(days=1))
    )
    events = ", ".join(map(literal, source.canonical_events))
    of_relation = f"plan_events.canonical_event in ({events})" if events else "true"
    return f"""
        select
            case
                when named_events.event_name is null or named_events.occurred_at is null
                then 'line of any day without a readable name or time' else 'line that names such an event'
            end as what,
            line_status.status || ': ' || line_status.reason as why,
            count(*) as lines
        from {{prefix}}normalized.line_status as line_status
        left join {{prefix}}normalized.named_events as named_events
            on line_status.product = named_events.product and line_status.stream = named_events.stream
            and line_status.file_sha256 = named_events.file_sha256
            and line_status.line_no = named_events.line_no
        left join {{prefix}}seeds.plan_events as plan_events
            on named_events.product = plan_events.product and named_events.event_name = plan_events.event_name
        where line_status.product = {literal(product)} and line_status.status in ('quarantined', 'duplicate')
            and (
                named_events.event_name is null or named_events.occurred_at is null
                or (
                    named_events.occurred_at >= {start} and named_events.occurred_at < {end}
                    and {of_relation}
                )
            )
        group by 1, 2
        order by 1, 2
    """


def _days(source: Source) -> str:
    if source.first_day == source.last_day:
        return str(source.last_day)
    return (
        f"up to {source.last_day}" if source.first_day == EVER else f"{source.first_day} to {source.last_day}"
    )


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.4f}"


def _print_table(headings: Sequence[str], rows: Sequence[Sequence[Any]], console: Console) -> None:
    if not rows:
        console.print("none", style="dim")
        return
    table = Table(box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(escape("" if cell is None else str(cell)) for cell in row))
    console.print(table)


def _in_days(source: Source, product: str, metric: dict[str, Any]) -> str:
    segment = metric["segment"]
    within = (
        f"product = {literal(product)} and {source.day} >= {literal(str(source.first_day))}"
        f" and {source.day} <= {literal(str(source.last_day))}"
    )
    if "metric_key" in source.columns:
        within += f" and metric_key = {literal(metric['metric_key'])}"
    if segment in source.segments:
        within += f" and {quoted(source.segments[segment])} = {literal(metric['segment_value'])}"
    return within
