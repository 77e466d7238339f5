"""The headline part of the closing summary: values, the day before, and what has no value and why."""

from __future__ import annotations

import re
from collections.abc import Iterator

import duckdb
import pytest
from rich.console import Console

from plumbline.paths import DataPaths
from plumbline.summary import _print_headlines


@pytest.fixture
def marts() -> Iterator[duckdb.DuckDBPyConnection]:
    """The marts that headlines are read from, without rows."""
    with duckdb.connect() as connection:
        connection.execute(
            """
            create schema marts;
            create table marts.build_info as select date '2026-03-31' as as_of_date;
            create table marts.metric_catalog (
                metric_key varchar, product varchar, name_en varchar, unit varchar, priority varchar,
                required_event varchar, status varchar, is_headline boolean);
            create table marts.metrics_daily (
                metric_key varchar, product varchar, date_day date, segment varchar, value double,
                is_mature boolean, is_low_n boolean, evaluability varchar);
            """
        )
        yield connection


def said(marts: duckdb.DuckDBPyConnection) -> str:
    console = Console(width=200, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    _print_headlines(marts, console)
    return " ".join(console.export_text().split())


def tell(marts: duckdb.DuckDBPyConnection, catalog: list[tuple], metrics: list[tuple]) -> None:
    marts.executemany("insert into marts.metric_catalog values (?, ?, ?, ?, ?, ?, 'built', ?)", catalog)
    if metrics:
        marts.executemany("insert into marts.metrics_daily values (?, ?, ?, ?, ?, ?, ?, ?)", metrics)


def test_a_headline_stands_with_its_value_of_the_day_before(marts: duckdb.DuckDBPyConnection) -> None:
    tell(
        marts,
        [("dau", "app", "Daily active users", "people", "P1", None, True),
         ("rate", "app", "Conversion", "ratio", "P0", None, True)],
        [("dau", "app", "2026-03-31", "all", 1204, True, False, "ok"),
         ("dau", "app", "2026-03-30", "all", 1190, True, False, "ok"),
         ("dau", "app", "2026-03-29", "all", 7, True, False, "ok"),
         ("dau", "app", "2026-03-31", "channel", 5, True, False, "ok"),
         # Cohorts of the last two days are not over: the headline is that of 29 March.
         ("rate", "app", "2026-03-31", "all", 0.9, False, False, "ok"),
         ("rate", "app", "2026-03-30", "all", 0.9, False, False, "ok"),
         ("rate", "app", "2026-03-29", "all", 0.125, True, True, "ok"),
         ("rate", "app", "2026-03-28", "all", 0.1, True, True, "ok")],
    )  # fmt: skip
    assert said(marts) == (
        "Headline metrics, 2026-03-31 (and the day before) metric app"
        " Conversion 12.5% (was 10.0%) (low n) Daily active users 1,204 (was 1,190)"
    )


def test_a_first_day_has_no_day_before_and_no_data_is_said(marts: duckdb.DuckDBPyConnection) -> None:
    tell(
        marts,
        [("dau", "app", "Daily active users", "people", "P1", None, True),
         ("rate", "app", "Conversion", "ratio", "P0", None, True)],
        [("dau", "app", "2026-03-31", "all", 3, True, False, "ok"),
         ("rate", "app", "2026-03-31", "all", None, True, True, "no_data"),
         ("rate", "app", "2026-03-30", "all", 0.5, True, True, "ok")],
    )  # fmt: skip
    assert "Daily active users 3" in said(marts) and "Conversion no data (was 50.0%) (low n)" in said(marts)
    assert "users 3 (was" not in said(marts)


def test_what_cannot_be_evaluated_is_named_with_its_reason(marts: duckdb.DuckDBPyConnection) -> None:
    tell(
        marts,
        [("delta", "prompts", "Uplift", "ratio", "P0", "baseline_recorded", False),
         ("dau", "landing", "Daily active users", "people", "P1", None, True)],
        [("delta", "prompts", "2026-03-31", "template", None, True, False, "not_evaluable"),
         ("delta", "prompts", "2026-03-30", "template", None, True, False, "not_evaluable")],
    )  # fmt: skip
    assert said(marts) == (
        "Not evaluable: Uplift of prompts needs baseline_recorded, which was never received."
        " No metrics of landing: nothing of it was accepted (1 wait for it)."
    )


def test_a_real_build_says_so_in_its_report(built_demo: DataPaths) -> None:
    page = " ".join((built_demo.report / "build.html").read_text().split())
    assert re.search(r"Headline metrics, 2026-02-\d\d \(and the day before\)", page)
    assert re.search(r"Daily active users (\d+ \(was \d+\) ){5}", page)
    assert "Not evaluable" not in page and "No metrics of" not in page
