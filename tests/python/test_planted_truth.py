"""The demo drop knows what dirt it planted and what its metrics must be; the warehouse finds exactly that (X-06, S1-39)."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
from drops import NORMALIZED, Built, workshop

from plumbline.demo import write_demo
from plumbline.paths import DataPaths

FOUND = """
    select reason, product, stream, count(*) as lines
    from normalized.line_status where reason is not null group by all
    union all
    select rule, product, stream, count(*)
    from normalized.event_violations where severity <> 'reject' group by all
    union all
    select reason, product, stream, count(*)
    from normalized.file_status where reason is not null group by all
"""

# metric of the truth → the same as SQL over the warehouse: product, date_day, segment_value, value
METRICS = {
    "landed_lines": """
        select product, cast(received_at as date), stream, count(*) from staging.landed_lines
        inner join seeds.plan_streams using (product, stream) group by all
    """,
    "execute_events": """
        select product, event_date, template_id, count(*) from normalized.events
        where product = 'prompts' and event_name = 'execute' group by all
    """,
    "success_events": """
        select product, event_date, template_id, count(*) from normalized.events
        where product = 'prompts' and event_name = 'success' group by all
    """,
    "gross_minor": "select product, date_day, currency, gross_minor from marts.payments_daily",
    "refunded_minor": "select product, date_day, currency, refunded_minor from marts.payments_daily",
    **{
        key: "select product, date_day, segment_value, value from marts.metrics_daily"
        f" where metric_key = '{key}' and {rows}"
        for key, rows in {
            "completion_rate_30d": "segment = 'prompt_template_id'",
            # The truth knows task types where there are any.
            "total_generations": "segment_value <> 'unknown'",
            # The first day has nobody who registered the day before.
            "retention_day_1": "segment = 'all' and date_day > date '2026-01-01'",
            **dict.fromkeys(
                (
                    *("active_users_daily", "new_paying_users", "registrations", "adoption_rate"),
                    *("avg_tasks_per_user", "task_error_rate", "cost_per_user_token"),
                ),
                "segment = 'all'",
            ),
        }.items()
    },
}


@pytest.fixture(scope="module")
def dirty() -> Built:
    """300 people, 24 days, 5 % dirt."""
    workshop().empty()
    write_demo(workshop().paths.raw, users=300, days=24, seed=5, dirty=0.05, start=date(2026, 1, 1))
    return workshop().build_again(NORMALIZED)


@pytest.fixture(scope="module")
def demo(built_demo: DataPaths) -> Built:
    """The demo drop that all tests share, with its marts."""
    return Built(built_demo.warehouse / "build.duckdb", {})


def counted(planted: pd.DataFrame) -> dict[tuple[str, str, str], int]:
    return planted.groupby(["reason", "product", "stream"])["lines"].sum().to_dict()


def truth(raw: DataPaths, name: str) -> pd.DataFrame:
    return pd.read_csv(raw.raw / "_truth" / name, dtype={"segment_value": str})


def test_what_was_planted_is_found_and_nothing_else(dirty: Built) -> None:
    """Every reason of a line or file and every rule, by product and stream, both ways: a sound line breaks none."""
    planted = truth(workshop().paths, "planted.csv").query("reason != 'accepted'")
    assert len(planted) > 150
    assert counted(dirty.frame(FOUND)) == counted(planted)


def test_what_was_planted_in_the_demo_is_found(built_demo: DataPaths, demo: Built) -> None:
    planted = truth(built_demo, "planted.csv").query("reason != 'accepted'")
    assert counted(demo.frame(FOUND)) == counted(planted)


@pytest.mark.parametrize("key", METRICS)
def test_metrics_are_what_was_simulated(key: str, built_demo: DataPaths, demo: Built) -> None:
    """Exactly; a day without a row is a zero."""
    expected = truth(built_demo, "metrics.csv").query("metric_key == @key")
    grain = ["product", "date_day", "segment_value"]
    found = demo.frame(METRICS[key]).set_axis([*grain, "value"], axis=1)
    found["date_day"] = found["date_day"].astype(str)
    found = found[found["product"].isin(expected["product"].unique())]
    both = expected.merge(found, on=grain, how="outer", suffixes=("_expected", "_found"), indicator=True)
    both.loc[both["_merge"] == "left_only", "value_found"] = 0
    both.loc[both["_merge"] == "right_only", "value_expected"] = 0
    wrong = both[
        (both["value_found"] != both["value_expected"])
        & both[["value_found", "value_expected"]].notna().any(axis=1)
    ]
    assert len(expected) > 30
    assert wrong.empty, wrong.to_string()
