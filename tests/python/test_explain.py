"""`plumbline explain` and the page of metrics: what a reader who doubts a number finds."""

from __future__ import annotations

import io
import re
from datetime import date
from pathlib import Path

import duckdb
import pytest
from oracle import plan
from rich.console import Console

from plumbline.catalog import metric_page
from plumbline.cli import main
from plumbline.errors import PlumblineError
from plumbline.explain import explain
from plumbline.paths import DataPaths

DAY = date(2026, 1, 31)
BUILT = sorted({row["metric_key"] for row in plan.rows("plan_metrics") if row["status"] == "built"})


def told(paths: DataPaths, metric_key: str, product: str, day: date = DAY, segment: str | None = None) -> str:
    """What the command prints."""
    page = io.StringIO()
    explain(paths, Console(file=page, width=250), metric_key, product, day, segment)
    return page.getvalue()


def rows(paths: DataPaths, sql: str) -> list[tuple]:
    with duckdb.connect(str(paths.warehouse / "build.duckdb"), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_a_number_and_the_rows_that_made_it(built_demo: DataPaths) -> None:
    page = told(built_demo, "active_users_weekly", "app")
    [(value,)] = rows(
        built_demo,
        "select value from marts.metrics_daily where metric_key = 'active_users_weekly' and product = 'app'"
        f" and segment = 'all' and date_day = '{DAY}'",
    )
    generations = "from normalized.generations where product = 'app' and event_date between '2026-01-25' and '2026-01-31'"
    [(made, failed)] = rows(
        built_demo,
        f"select count(*) filter (where is_success and person_key is not null), count(*) filter (where not is_success) {generations}",
    )
    assert value > 0 and failed > 0
    assert f"value         {value:.0f} people" in page
    assert f"{made} by {value:.0f} people of normalized.generations, 2026-01-25 to 2026-01-31" in page
    assert re.search(rf"row of generations +not: is_success +{failed}\b", page)
    assert "Weekly active users / 周活跃用户数" in page and "S2-05" in page


def test_lines_that_became_no_event_are_counted(built_demo: DataPaths) -> None:
    page = told(built_demo, "new_paying_users", "app")
    [(unreadable,)] = rows(
        built_demo,
        "select count(*) from normalized.line_status where product = 'app' and reason = 'invalid_json'",
    )
    assert unreadable > 0
    assert re.search(rf"without a readable name or time +quarantined: invalid_json +{unreadable}\b", page)


def test_a_segment_narrows_the_rows(built_demo: DataPaths) -> None:
    [(template, executions)] = rows(
        built_demo,
        "select segment_value, denominator from marts.metrics_daily where metric_key = 'completion_rate_30d'"
        f" and date_day = '{DAY}' order by denominator desc limit 1",
    )
    for segment in (template, f"prompt_template_id={template}"):
        page = told(built_demo, "completion_rate_30d", "prompts", segment=segment)
        assert f"prompt_template_id {template}" in page
        assert f"denominator   {executions:.0f}" in page


@pytest.mark.parametrize("metric_key", BUILT)
def test_every_built_metric_can_be_explained(metric_key: str, built_demo: DataPaths) -> None:
    """Each says which rows make it, and the rows can be read."""
    [(product, day, segment)] = rows(
        built_demo,
        "select product, date_day, segment || '=' || segment_value from marts.metrics_daily"
        f" where metric_key = '{metric_key}' order by value is null, date_day desc, segment, product limit 1",
    )
    assert "Rows that made it" in told(built_demo, metric_key, product, day, segment)


@pytest.mark.parametrize(
    "metric_key",
    [
        "retention_day_1",
        "retention_day_1_rolling_24h",
        "retention_day_7",
        "retention_week_1",
        "retention_week_4_rolling",
    ],
)
def test_people_who_came_back_are_those_that_count(metric_key: str, built_demo: DataPaths) -> None:
    [(day, back)] = rows(
        built_demo,
        f"select date_day, numerator from marts.metrics_daily where metric_key = '{metric_key}'"
        " and segment = 'all' order by numerator desc, date_day desc limit 1",
    )
    assert back > 1
    assert f" by {back:.0f} people of normalized.registrant_days" in told(built_demo, metric_key, "app", day)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            ("active_user_weekly", "app", DAY, None),
            "no metric 'active_user_weekly'. The nearest: active_users_weekly",
        ),
        (("active_users_weekly", "ap", DAY, None), "'ap'. The nearest: app"),
        (
            ("active_users_weekly", "app", date(2031, 1, 1), None),
            "has no row on 2031-01-01: it has the days from",
        ),
        (("completion_rate_30d", "prompts", DAY, None), "choose one with --segment prompt_template_id=VALUE"),
        (("active_users_weekly", "app", DAY, "country=CN"), "no segment of active_users_weekly"),
    ],
)
def test_a_wrong_question_is_answered_with_the_nearest_names(
    asked: tuple[str, str, date, str | None], said: str, built_demo: DataPaths
) -> None:
    with pytest.raises(PlumblineError, match=re.escape(said)):
        told(built_demo, *asked)


def test_exit_code_of_an_unknown_metric(
    built_demo: DataPaths, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["explain", "mrr", "--product", "app", "--date", str(DAY), "--data", str(built_demo.root)]
    monkeypatch.setattr("sys.argv", ["plumbline", *arguments])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert "There is no metric 'mrr'" in capsys.readouterr().err


def test_before_a_build_there_is_nothing_to_explain(tmp_path: Path) -> None:
    with pytest.raises(PlumblineError, match="run `plumbline build` first"):
        told(DataPaths(tmp_path), "active_users_weekly", "app")


def test_the_page_of_metrics_is_current(built_demo: DataPaths, project_root: Path) -> None:
    assert (project_root / "docs/metrics.md").read_text() == metric_page(built_demo), "run `make docs`"
