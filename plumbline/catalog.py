"""The metric catalogue as a Markdown page: `docs/metrics.md`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from plumbline.engine import connect
from plumbline.errors import PlumblineError
from plumbline.paths import DataPaths
from plumbline.warehouse import database_of

HEAD = """# Metrics

Written by `make docs` from `marts.metric_catalog`, which is the plan (`seeds/tracking_plan/plan_metrics.csv`,
`plan_targets.csv`): change it there. Every value stands in `marts.metrics_daily` under its key;
`plumbline explain KEY --product P --date D` says why it is what it is.
"""

#: What all products of a metric usually share, in the order in which it is said.
FACTS = {
    "definition": "",
    "formula": "formula",
    "unit": "unit",
    "metric_window": "window",
    "date_day_means": "`date_day` is",
    "grain": "grain",
    "segments": "segments",
    "place": "stands in",
    "goal": "goal",
    "priority": "priority",
    "owner": "owner",
    "source": "asked for by",
    "required_event": "not evaluable without",
    "caveat": "caveat",
}


def metric_page(paths: DataPaths) -> str:
    """The page, from the catalogue of the last passing build. Raises PlumblineError when there is none."""
    database = database_of("duckdb", paths)
    if not database.exists():
        raise PlumblineError(f"{database} is not there: run `plumbline build` first.")
    with connect(database, read_only=True) as connection:
        found = connection.execute(
            "from marts.metric_catalog order by coalesce(mart, '~'), metric_key, product"
        )
        names = [column[0] for column in found.description]
        metrics = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return "\n".join([HEAD, *_sections(metrics)])


def _sections(metrics: list[dict[str, Any]]) -> Iterator[str]:
    for mart, of_mart in groupby(metrics, lambda row: row["mart"]):
        yield f"## {mart or 'Planned'}\n"
        for key, of_key in groupby(of_mart, lambda row: row["metric_key"]):
            yield from _metric(key, list(of_key))


def _metric(key: str, rows: list[dict[str, Any]]) -> Iterator[str]:
    """A metric once, with what differs between its products said for each of them."""
    told = [_told(row) for row in rows]
    yield f"### `{key}`\n"
    yield f"{rows[0]['name_en']} / {rows[0]['name_zh']} · {', '.join(row['product'] for row in rows)}\n"
    for fact, label in FACTS.items():
        said = {row["product"]: one[fact] for row, one in zip(rows, told, strict=True) if one[fact]}
        if len(set(said.values())) == 1 and len(said) == len(rows):
            [value] = set(said.values())
            yield f"- {label}: {value}" if label else f"{value}\n"
        else:
            for product, value in said.items():
                yield f"- {label or 'definition'} ({product}): {value}"
    yield ""


def _told(row: dict[str, Any]) -> dict[str, str]:
    target = "" if row["target"] is None else f" {row['target']:g}"
    return {
        **{name: str(value or "") for name, value in row.items()},
        "segments": ", ".join((row["segments"] or "").split("|")),
        "place": f"`{row['mart']}.{row['mart_column']}`" if row["mart"] else "",
        "goal": (row["direction"] or "").replace("_", " ") + target if row["direction"] != "none" else "",
        "source": f"{row['requirement_id']}, {row['source_document']}",
    }
