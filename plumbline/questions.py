"""The questions that people ask of the marts: one list for the report and for dashboards.

A page is a file in `dashboards/`. Its questions are SQL over the marts with Metabase's optional filters:
`[[and product = {{product}}]]` is in the SQL when the filter `product` has a value. The filters are `product`
and `segment` (text), `from` and `to` (days, both inclusive).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from plumbline.errors import PlumblineError
from plumbline.paths import PROJECT_ROOT

#: Filter of a question → its type in SQL.
FILTERS = {"product": "text", "segment": "text", "from": "date", "to": "date"}

#: How an answer is drawn.
KINDS = (
    "headlines", "line", "area", "bar", "rank", "grouped", "stack", "heatmap", "funnel", "interval", "curve",
    "table",
)  # fmt: skip

_CLAUSE = re.compile(r"\[\[(.*?)\]\]", re.DOTALL)
_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")


@dataclass(frozen=True)
class Question:
    """One question: its words, its SQL and how the answer is drawn.

    The catalogue says what the `metrics` mean and who owns them; a question that shows none says its `owner`.
    """

    key: str
    title: str
    sql: str
    chart: Mapping[str, Any]
    metrics: tuple[str, ...] = ()
    owner: str = ""
    text: str = ""

    @cached_property
    def filters(self) -> tuple[str, ...]:
        """The filters that the SQL knows, in the order of FILTERS."""
        named = set(_VARIABLE.findall(self.sql))
        return tuple(name for name in FILTERS if name in named)

    def sql_with(self, values: Mapping[str, str] | None = None) -> str:
        """The SQL with these filters, each value an SQL literal; others leave their clause out."""
        values = values or {}

        def clause(found: re.Match[str]) -> str:
            names = _VARIABLE.findall(found[1])
            return found[1] if all(name in values for name in names) else ""

        return _VARIABLE.sub(lambda found: values[found[1]], _CLAUSE.sub(clause, self.sql))


@dataclass(frozen=True)
class Page:
    """One area: a page of the report, and a dashboard."""

    key: str
    short: str
    title: str
    title_zh: str
    text: str
    requirements: tuple[str, ...]
    questions: tuple[Question, ...]


def read_pages(folder: Path = PROJECT_ROOT / "dashboards") -> tuple[Page, ...]:
    """The pages of `dashboards/`, in the order of `pages.yml`. Raises PlumblineError where one is wrong."""
    order = _read(folder / "pages.yml")
    pages = tuple(_page(folder / f"{key}.yml") for key in order)
    keys = [question.key for page in pages for question in page.questions]
    for key in keys:
        if keys.count(key) > 1:
            raise PlumblineError(
                f"{folder}: two questions have the key {key!r}; every question needs its own."
            )
    return pages


def _read(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PlumblineError(f"{path} cannot be read: {error.strerror}.") from error
    except yaml.YAMLError as error:
        raise PlumblineError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from error


def _page(path: Path) -> Page:
    told = _read(path)
    try:
        questions = tuple(_question(path, **question) for question in told.pop("questions"))
        requirements = tuple(told.pop("requirements"))
        return Page(questions=questions, requirements=requirements, **told)
    except (TypeError, KeyError, AttributeError) as error:
        raise PlumblineError(f"{path} has a page or question of the wrong form: {error}.") from error


def _question(path: Path, **told: Any) -> Question:
    question = Question(**{**told, "metrics": tuple(told.get("metrics", ()))})
    if not question.metrics and not question.owner:
        raise PlumblineError(
            f"{path}, question {question.key!r}: name its metrics, or an owner if it shows none."
        )
    kind = question.chart.get("kind")
    if kind not in KINDS:
        raise PlumblineError(
            f"{path}, question {question.key!r}: no chart is called {kind!r}; use {', '.join(KINDS)}."
        )
    for name in _VARIABLE.findall(question.sql):
        if name not in FILTERS:
            raise PlumblineError(
                f"{path}, question {question.key!r}: no filter is called {name!r}; use {', '.join(FILTERS)}."
            )
    outside = _VARIABLE.search(_CLAUSE.sub("", question.sql))
    if outside:
        raise PlumblineError(
            f"{path}, question {question.key!r}: put the clause of the filter {outside[1]!r} into [[ ]]."
        )
    return question
