"""Writes the report: one HTML page an area, with its data in it, and the shared script and style."""

from __future__ import annotations

import decimal
import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import vl_convert
from markupsafe import Markup

from plumbline.engine import connect, literal
from plumbline.errors import PlumblineError
from plumbline.paths import DataPaths
from plumbline.questions import Page, Question, read_pages
from plumbline.report.charts import sparkline, specification
from plumbline.report.theme import CONFIGS

#: Periods that a reader can choose: name → days that end with the reporting day, None for all of them.
PERIODS = {"30": 30, "90": 90, "all": None}

#: What pages get from the bundle of Vega, Vega-Lite and vega-embed, which asks the network for nothing.
_BUNDLE = "window.vegaEmbed = vegaEmbed;"


@dataclass(frozen=True)
class Report:
    """What was written: the first page, and the number of pages and charts."""

    index: Path
    pages: int
    questions: int


@dataclass(frozen=True)
class _Answer:
    """Rows of a question by period; `by_day` is the column whose day says in which period a row is."""

    columns: list[str]
    rows: dict[str, list[list[Any]]]
    by_day: str | None


def write_report(paths: DataPaths) -> Report:
    """Writes `report/index.html` and the other pages from the served file, in place of the report before.

    Raises PlumblineError when nothing has been published, or when a page in `dashboards/` is wrong.
    """
    served = paths.serving / "plumbline.duckdb"
    if not served.exists():
        raise PlumblineError(
            f"No report: nothing is published yet ({served} does not exist). Run `plumbline build` first."
        )
    pages = read_pages()
    paths.report.mkdir(parents=True, exist_ok=True)
    fresh = paths.report / ".new"
    shutil.rmtree(fresh, ignore_errors=True)
    (fresh / "assets").mkdir(parents=True)
    with connect(served, read_only=True) as connection:
        writer = _Writer(connection, pages)
        for page in pages:
            (fresh / f"{writer.file_of(page)}").write_text(writer.page(page), encoding="utf-8")
        (fresh / "metrics.html").write_text(writer.metrics(), encoding="utf-8")
    for name in ("report.css", "report.js"):
        (fresh / "assets" / name).write_text(_asset(name), encoding="utf-8")
    (fresh / "assets" / "vega.js").write_text(_bundle(paths.report / "assets" / "vega.js"), encoding="utf-8")
    for path in [*(fresh / "assets").iterdir(), *fresh.glob("*.html")]:
        target = paths.report / path.relative_to(fresh)
        target.parent.mkdir(exist_ok=True)
        os.replace(path, target)
    shutil.rmtree(fresh)
    return Report(paths.report / "index.html", len(pages) + 1, sum(len(page.questions) for page in pages))


def _asset(name: str) -> str:
    return (files("plumbline.report") / "assets" / name).read_text(encoding="utf-8")


def _bundle(before: Path) -> str:
    """The script that draws; that of the report before, if of the same version: bundling takes seconds."""
    mark = f"// vl-convert {vl_convert.__version__}\n"
    if before.exists() and (text := before.read_text(encoding="utf-8")).startswith(mark):
        return text
    return mark + vl_convert.javascript_bundle(_BUNDLE)


class _Writer:
    """Pages of one served file."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, pages: Sequence[Page]) -> None:
        self._connection = connection
        self._pages = pages
        self._build = self._dicts("select * from marts.build_info")[0]
        self._catalogue = self._dicts("select * from marts.metric_catalog order by metric_key, product")
        last = self._dicts("select max(date_day) as last_day from marts.metrics_daily")[0]["last_day"]
        self._last_day: date = last or self._build["as_of_date"] or self._build["built_at"].date()
        self._products = [row["product"] for row in self._dicts(
            "select distinct product from marts.metrics_daily order by product"
        )]  # fmt: skip
        self._templates = jinja2.Environment(
            loader=jinja2.PackageLoader("plumbline.report", "assets"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
        )

    def file_of(self, page: Page) -> str:
        """The file of a page; the first page is where the report begins."""
        return "index.html" if page is self._pages[0] else f"{page.key}.html"

    def page(self, page: Page) -> str:
        """The HTML of one area."""
        figures = [self._figure(question) for question in page.questions]
        return self._render(
            "page.html.jinja", page=page, figures=figures, current=self.file_of(page), title=page.title
        )

    def metrics(self) -> str:
        """The HTML of the metric catalogue."""
        entries: dict[str, list[dict[str, Any]]] = {}
        for row in self._catalogue:
            entries.setdefault(row["metric_key"], []).append(row)
        return self._render("metrics.html.jinja", entries=entries, current="metrics.html", title="Metrics")

    def _render(self, template: str, **values: Any) -> str:
        shared = {
            "build": self._build,
            "products": self._products,
            "last_day": self._last_day,
            "navigation": [
                *((self.file_of(page), page.short) for page in self._pages),
                ("metrics.html", "Metrics"),
            ],
            "settings": _script_json(
                {"configs": CONFIGS, "periods": self._periods(), "currency": self._currency}
            ),
        }
        return self._templates.get_template(template).render(**shared, **values)

    @property
    def _currency(self) -> str:
        return self._build.get("reporting_currency") or ""

    def _periods(self) -> dict[str, str | None]:
        """Period → its first day."""
        return {
            name: (self._last_day - timedelta(days=days - 1)).isoformat() if days else None
            for name, days in PERIODS.items()
        }

    def _figure(self, question: Question) -> dict[str, Any]:
        answer = self._answer(question)
        entries = {
            key: [row for row in self._catalogue if row["metric_key"] == key] for key in question.metrics
        }
        missing = [key for key, rows in entries.items() if not rows]
        if missing:
            raise PlumblineError(
                f"Question {question.key!r} shows {missing[0]!r}, which is not in the metric catalogue."
            )
        meanings = {key: rows[0] for key, rows in entries.items()}
        names = {key: row["name_en"] for key, row in meanings.items()}
        every = max(answer.rows.values(), key=len)
        data = {
            "columns": answer.columns,
            "rows": answer.rows,
            "day": answer.by_day,
            "split": question.chart.get("split"),
            "kind": question.chart["kind"],
            "format": question.chart.get("format", "count"),
            "names": {**names, **question.chart.get("labels", {})},
        }
        if question.chart["kind"] == "headlines":
            data["spec"] = sparkline()
        elif question.chart["kind"] != "table":
            data["spec"] = specification(question, answer.columns, every, names)
        owners = sorted({row["owner"] for rows in entries.values() for row in rows} or {question.owner})
        return {
            "question": question,
            "meanings": meanings,
            "names_zh": " · ".join(
                dict.fromkeys(row["name_zh"] for row in meanings.values() if row["name_zh"])
            ),
            "owners": ", ".join(owners),
            "data": _script_json(data),
            "sql": re.sub(r" \n", "\n", question.sql_with().strip()),
        }

    def _answer(self, question: Question) -> _Answer:
        columns, rows = self._ask(question.sql_with())
        days = [name for name in re.findall(r"(\w+) >= \{\{from\}\}", question.sql) if name in columns]
        if "from" not in question.filters or days:
            return _Answer(columns, {"all": rows}, days[0] if days else None)
        # No row says its day, since the SQL counts over them: it is asked once a period.
        return _Answer(
            columns,
            {
                name: self._ask(question.sql_with({"from": f"date {literal(first)}"}))[1] if first else rows
                for name, first in self._periods().items()
            },
            None,
        )

    def _ask(self, sql: str) -> tuple[list[str], list[list[Any]]]:
        cursor = self._connection.execute(sql)
        columns = [column[0] for column in cursor.description]
        return columns, [[_plain(value) for value in row] for row in cursor.fetchall()]

    def _dicts(self, sql: str) -> list[dict[str, Any]]:
        cursor = self._connection.execute(sql)
        columns = [column[0] for column in cursor.description]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def _plain(value: Any) -> Any:
    """A value as JSON has it: days and times as ISO text, decimals as numbers, floats to 12 digits."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return float(f"{value:.12g}") if isinstance(value, float) else value


def _script_json(value: Mapping[str, Any]) -> Markup:
    """JSON that can stand in a script element of HTML."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))
