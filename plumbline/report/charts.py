"""A question → its Vega-Lite specification. The page's script adds the rows, under the name ROWS.

Colours, fonts and grid lines are the theme's (theme.py), so that one specification is good in light and dark.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import altair as alt

from plumbline.questions import Question
from plumbline.report.theme import MEANINGS, PALETTE

ROWS = "rows"

#: Format of a value → d3 formats of its axis and of its tooltip.
FORMATS = {
    "count": ("~s", ",.6~f"),
    "percent": (".0%", ".1%"),
    "money": (",.0f", ",.2f"),
    "seconds": (",.0f", ",.1f"),
}

LOW, TALL = 60, 230  # heights in pixels; charts with one row a category grow with them


def specification(
    question: Question, columns: Sequence[str], rows: Sequence[Sequence[Any]], names: Mapping[str, str]
) -> dict[str, Any]:
    """The Vega-Lite specification of a question with this answer; `names` label columns and values."""
    drawing = _Drawing(question, columns, rows, names)
    chart = _DRAWN[question.chart["kind"]](drawing)
    if drawing.many:
        chart = chart.transform_fold(drawing.many, as_=["measure", "value"])
    return _told(chart)


def _told(chart: alt.Chart | alt.LayerChart) -> dict[str, Any]:
    """The chart as Vega-Lite, as wide as its place, without what the page adds: data and theme."""
    told = chart.properties(data=alt.NamedData(name=ROWS), width="container").to_dict(validate=False)
    return {key: value for key, value in told.items() if key not in ("$schema", "config", "datasets")}


class _Drawing:
    """What the kinds of charts share."""

    def __init__(
        self,
        question: Question,
        columns: Sequence[str],
        rows: Sequence[Sequence[Any]],
        names: Mapping[str, str],
    ) -> None:
        self.told = question.chart
        self.columns = columns
        self.rows = rows
        self.names = {**names, **question.chart.get("labels", {})}
        self.format = question.chart.get("format", "count")
        self.base = alt.Chart(height=TALL)

    @property
    def many(self) -> list[str]:
        """The columns to be drawn as series, when there is more than one."""
        y = self.told.get("y")
        return list(y) if isinstance(y, list) else []

    def label(self, column: str) -> str:
        return self.names.get(column, column.replace("_", " "))

    def labels(self, column: str) -> str:
        """An expression for the label of a value: its name, else without underscores; an id as it is."""
        if column.endswith("_id"):
            return "datum.label"
        names = json.dumps(dict(self.names), ensure_ascii=False)
        return f"{names}[datum.label] || replace(datum.label, /_/g, ' ')"

    @property
    def series_column(self) -> str | None:
        """The column that tells the series apart."""
        return "measure" if self.many else self.told.get("series")

    def series(self) -> alt.Color | alt.UndefinedType:
        """The colour of each series, the same for every product; values with a meaning have its colour."""
        column = self.series_column
        if column is None:
            return alt.Undefined
        values = self.many or self._values(column)
        colors = [MEANINGS.get(value, PALETTE[at % len(PALETTE)]) for at, value in enumerate(values)]
        return alt.Color(
            f"{column}:N",
            title=None,
            scale=alt.Scale(domain=values, range=colors),
            legend=alt.Legend(
                labelExpr=self.labels(column),
                orient="top",
                columns=2 if "split" in self.told else 4,
                symbolType="circle",
                labelLimit=220,
            ),
        )

    def _values(self, column: str) -> list[str]:
        place = self.columns.index(column)
        found = {row[place] for row in self.rows if row[place] is not None}
        # Those with a meaning in its order, then the others by name.
        order = list(MEANINGS)
        return sorted(found, key=lambda value: (order.index(value) if value in order else len(order), value))

    def when(self) -> alt.X:
        # Bars are as wide as their day or month; lines stand at a moment.
        unit = self.told.get("time_unit", "day" if self.told["kind"] == "bar" else None)
        return alt.X(
            f"{self.told['x']}:T",
            title=None,
            timeUnit={"day": "utcyearmonthdate", "month": "utcyearmonth"}.get(unit, alt.Undefined),
            scale=alt.Scale(type="utc"),
            axis=alt.Axis(
                grid=False,
                labelOverlap="greedy",
                labelSeparation=8,
                tickCount=5,
                format="%b %Y" if unit == "month" else "%-d %b",
            ),
        )

    def amount(self, channel: type[Any], column: str, **more: Any) -> Any:
        return channel(
            f"{column}:Q",
            title=None,
            axis=alt.Axis(format=FORMATS[self.format][0], tickCount=5, labelOverlap=True, domain=False),
            **more,
        )

    def category(self, column: str, order: str | None = None) -> alt.Y:
        sort = alt.EncodingSortField(order, op="min") if order else None
        return alt.Y(
            f"{column}:N",
            title=None,
            sort=sort,
            axis=alt.Axis(labelExpr=self.labels(column), labelLimit=190, grid=False),
        )

    def tooltip(self, *fields: tuple[str, str]) -> list[alt.Tooltip]:
        """Tooltips of (column, type), and of the parts and flags that the answer has beside it."""
        parts = [
            (column, "Q")
            for column in (
                "numerator",
                "denominator",
                "people",
                "entrants",
                "from_people",
                "to_people",
                "people_at_risk",
            )
            if column in self.columns and column not in [name for name, _ in fields]
        ]
        made = []
        for column, kind in [*fields, *parts]:
            more: dict[str, Any] = {}
            if kind == "T":
                more["format"] = "%-d %b %Y"
            elif kind == "Q":
                is_value = (column, kind) in fields
                more["format"] = FORMATS[self.format if is_value else "count"][1]
            made.append(alt.Tooltip(f"{column}:{kind}", title=self.label(column), **more))
        return made

    @property
    def value(self) -> str:
        return "value" if self.many else self.told["y"]


def _line(drawing: _Drawing) -> alt.LayerChart:
    series = drawing.series_column
    fields = [(drawing.told["x"], "T"), *([(series, "N")] if series else []), (drawing.value, "Q")]
    placed = drawing.base.encode(
        x=drawing.when(),
        y=drawing.amount(alt.Y, drawing.value),
        color=drawing.series(),
        tooltip=drawing.tooltip(*fields),
    )
    layers = [placed.mark_line()]
    if "is_mature" in drawing.columns:
        layers.append(placed.mark_point(filled=False, size=26).transform_filter("datum.is_mature === false"))
    # Points that nobody sees, to point at.
    layers.append(placed.mark_circle(size=120, opacity=0))
    return alt.layer(*layers)


def _curve(drawing: _Drawing) -> alt.Chart:
    told = drawing.told
    placed = drawing.base.encode(
        x=alt.X(f"{told['x']}:Q", title=drawing.label(told["x"]), axis=alt.Axis(grid=False, tickCount=8)),
        y=drawing.amount(alt.Y, told["y"], scale=alt.Scale(zero=True)),
        color=drawing.series(),
        tooltip=drawing.tooltip((told["x"], "Q"), (told["series"], "N"), (told["y"], "Q")),
    )
    return alt.layer(placed.mark_line(interpolate="step-after"), placed.mark_circle(size=120, opacity=0))


def _over_time(drawing: _Drawing, chart: alt.Chart) -> alt.Chart:
    series = drawing.series_column
    fields = [(drawing.told["x"], "T"), *([(series, "N")] if series else []), (drawing.value, "Q")]
    return chart.encode(
        x=drawing.when(),
        y=drawing.amount(alt.Y, drawing.value, stack="zero"),
        color=drawing.series(),
        tooltip=drawing.tooltip(*fields),
    )


def _bar(drawing: _Drawing) -> alt.Chart:
    return _over_time(drawing, drawing.base.mark_bar())


def _area(drawing: _Drawing) -> alt.Chart:
    return _over_time(drawing, drawing.base.mark_area(line=True, opacity=0.7))


def _rank(drawing: _Drawing, stack: Any = None) -> alt.Chart:
    told = drawing.told
    fields = [(told["y"], "N"), *([(told["series"], "N")] if "series" in told else []), (told["x"], "Q")]
    return (
        drawing.base.properties(height={"step": 22})
        .mark_bar()
        .encode(
            y=drawing.category(told["y"]),
            x=drawing.amount(alt.X, told["x"], stack=stack),
            color=drawing.series(),
            tooltip=drawing.tooltip(*fields),
        )
    )


def _stack(drawing: _Drawing) -> alt.Chart:
    return _rank(drawing, stack="zero")


def _grouped(drawing: _Drawing) -> alt.Chart:
    told = drawing.told
    return (
        drawing.base.properties(height={"step": 11})
        .mark_bar()
        .encode(
            y=drawing.category(told["y"]),
            yOffset=alt.YOffset(f"{told['series']}:N"),
            x=drawing.amount(alt.X, told["x"]),
            color=drawing.series(),
            tooltip=drawing.tooltip((told["y"], "N"), (told["series"], "N"), (told["x"], "Q")),
        )
    )


def _heatmap(drawing: _Drawing) -> alt.Chart:
    told = drawing.told
    is_numbered = told["x"].endswith("_number")
    is_dated = told["y"].endswith(("_week", "_date", "_day", "month"))
    return (
        drawing.base.properties(height={"step": 20})
        .mark_rect()
        .encode(
            x=alt.X(
                f"{told['x']}:O",
                title=drawing.label(told["x"]) if is_numbered else None,
                sort=alt.EncodingSortField(told["order_x"], op="min") if "order_x" in told else alt.Undefined,
                axis=alt.Axis(
                    labelExpr=drawing.labels(told["x"]),
                    labelAngle=0 if is_numbered else -40,
                    labelOverlap=is_numbered,
                ),
            ),
            y=alt.Y(
                f"{told['y']}:O",
                title=None,
                sort=alt.EncodingSortField(told["order_y"], op="min") if "order_y" in told else alt.Undefined,
                axis=alt.Axis(
                    labelExpr="datum.label" if is_dated else drawing.labels(told["y"]), labelLimit=190
                ),
            ),
            color=alt.Color(
                f"{told['value']}:Q",
                title=None,
                legend=alt.Legend(
                    format=FORMATS[drawing.format][0], orient="top", gradientLength=160, gradientThickness=8
                ),
            ),
            tooltip=drawing.tooltip((told["y"], "N"), (told["x"], "N"), (told["value"], "Q")),
        )
    )


def _funnel(drawing: _Drawing) -> alt.LayerChart:
    told = drawing.told
    placed = drawing.base.properties(height={"step": 30}).encode(
        y=drawing.category(told["y"], order=told["order"]),
        x=alt.X(f"{told['x']}:Q", title=None, axis=None, scale=alt.Scale(nice=False)),
        tooltip=drawing.tooltip((told["y"], "N"), (told["x"], "Q")),
    )
    return (
        alt.layer(
            placed.mark_bar(cornerRadiusEnd=3),
            placed.mark_text(align="left", dx=6).encode(text="said:N"),
            # Room for what is written after the longest bar.
            placed.mark_point(opacity=0).encode(x=alt.X("room:Q", title=None, axis=None)),
        )
        .transform_joinaggregate(most=f"max({told['x']})")
        .transform_calculate(
            said=f"format(datum.{told['x']}, ',') + ' · ' + format(datum.{told['rate']}, '.2~p')",
            room="datum.most * 1.9",
        )
    )


def _interval(drawing: _Drawing) -> alt.LayerChart:
    told = drawing.told
    placed = drawing.base.properties(height={"step": 22}).encode(
        y=drawing.category(told["y"], order=told.get("order")),
        tooltip=drawing.tooltip((told["y"], "N"), (told["x"], "Q"), (told["low"], "Q"), (told["high"], "Q")),
    )
    return alt.layer(
        placed.mark_rule(strokeWidth=2, opacity=0.6).encode(
            x=drawing.amount(alt.X, told["low"]), x2=told["high"]
        ),
        placed.mark_point(filled=True, size=60).encode(x=drawing.amount(alt.X, told["x"])),
    )


def sparkline() -> dict[str, Any]:
    """The small line of a headline metric, over rows with `date_day` and `value`."""
    chart = (
        alt.Chart(height=LOW)
        .mark_area(line={"strokeWidth": 1.5}, opacity=0.18)
        .encode(
            x=alt.X("date_day:T", axis=None, scale=alt.Scale(type="utc")),
            y=alt.Y("value:Q", axis=None, scale=alt.Scale(zero=False)),
            tooltip=[
                alt.Tooltip("date_day:T", title="day", format="%-d %b %Y"),
                alt.Tooltip("value:Q", title="value", format=",.6~f"),
            ],
        )
    )
    return _told(chart)


_DRAWN: Mapping[str, Callable[[_Drawing], Any]] = {
    "line": _line,
    "area": _area,
    "bar": _bar,
    "rank": _rank,
    "grouped": _grouped,
    "stack": _stack,
    "heatmap": _heatmap,
    "funnel": _funnel,
    "interval": _interval,
    "curve": _curve,
}
