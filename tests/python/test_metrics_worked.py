"""Every built metric worked by hand: tests/fixtures/worked/*.yml hold lines, arithmetic and expected rows.

One build for all: the fixtures of a product lie apart in time or in ids, so that none can see another.
"""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from drops import FIXTURES, Built, Drop, workshop
from oracle import plan

KEYS = (
    *("funnel_key", "cohort_grain", "step", "milestone"),
    *("feature", "band", "week_number"),
    *("product", "date_day", "month", "currency", "channel", "task_type", "cohort_date", "day_number"),
    *(
        "mode",
        "failure_reason",
        "prompt_template_id",
        "variant_label",
        "metric_key",
        "segment",
        "segment_value",
    ),
    *(
        "customer",
        "movement",
        "dimension",
        "dimension_value",
        "campaign_id",
        "from_state",
        "to_state",
        "person_key",
        "state",
        "place",
    ),
)
CLOCKS = (
    *("occurred_at", "event_time", "created_at", "paid_at", "timestamp", "date", "start_date"),
    *("registration_date", "server_ts"),
)
QUERIES = {
    "subscription_rows": """
        select product, event_date as date_day, count(*) as subscriptions from normalized.events
        where event_name = 'subscription_recorded' group by all""",
    "subscription_periods": "select * from normalized.subscription_periods",
    "funnel_states": """
        select product, person_key, state, entered_by, campaign_id, is_imputed,
            strftime(first_reached_at, '%Y-%m-%d %H:%M:%S') as first_at,
            strftime(attempted_at, '%Y-%m-%d %H:%M:%S') as tried_at from marts_sensitive.funnel_states""",
    "states_reached": "select person_key, count(*) as states from marts_sensitive.funnel_states group by all",
    "retention_intervals": """
        select *, row_number() over (partition by person_key order by from_at, event_number) as place,
            strftime(from_at, '%Y-%m-%d %H:%M:%S') as begins, strftime(to_at, '%Y-%m-%d %H:%M:%S') as ends
        from normalized.retention_intervals""",
    "mrr_movements": "select * from marts_sensitive.mrr_movements",
    "mrr_movements_count": """
        select product, customer, count(*) as movements from marts_sensitive.mrr_movements group by all""",
}
WORKED = {path.stem: yaml.safe_load(path.read_text()) for path in sorted((FIXTURES / "worked").glob("*.yml"))}
EXPECTED = [
    pytest.param(mart, row, id=f"{name}: {mart} {' '.join(str(row[key]) for key in KEYS if key in row)}")
    for name, worked in WORKED.items()
    for mart, rows in worked["expected"].items()
    for row in rows
]


@pytest.fixture(scope="module")
def built() -> Built:
    """All worked lines, each arriving on the UTC day it tells of (or on the day in `received`)."""
    drop = Drop()
    for worked in WORKED.values():
        for stream, lines in worked["streams"].items():
            for line in lines:
                drop.add(
                    stream,
                    {key: value for key, value in line.items() if key != "received"},
                    arrived=arrival(line),
                )
    # Something later, because marts describe the days that have ended.
    later = {"user_id": "last", "registration_date": "2025-12-31T00:00:00Z"}
    drop.add("app/users", later, arrived="2025-12-31")
    return workshop().build(drop, select=("path:models",))


def arrival(line: dict[str, Any]) -> str:
    told = line.get("received") or next((line[key] for key in CLOCKS if key in line), "2025-01-15")
    return str(told)[:10]


@pytest.mark.parametrize(("mart", "row"), EXPECTED)
def test_worked(mart: str, row: dict[str, Any], built: Built) -> None:
    table = f"({QUERIES[mart]})" if mart in QUERIES else f"marts.{mart}"
    keys = [key for key in KEYS if key in row]
    condition = " and ".join(f"{key} = '{row[key]}'" for key in keys)
    columns = [column for column in row if column not in keys]
    found = built.rows(f"select {', '.join(columns)} from {table} where {condition}")
    assert len(found) == 1
    said = {column: value for column, value in zip(columns, found[0], strict=True)}
    assert said == {
        column: row[column]
        if row[column] is None or isinstance(row[column], str)
        else pytest.approx(row[column], abs=1e-12)
        for column in columns
    }


def test_every_built_metric_is_worked() -> None:
    """A metric stands in some expected row: in metrics_daily by its key, or in its mart by its column."""
    worked = set()
    for one in WORKED.values():
        for mart, rows in one["expected"].items():
            for row in rows:
                worked |= {row["metric_key"]} if mart == "metrics_daily" else set(row)
    built = {row["metric_key"] for row in plan.rows("plan_metrics") if row["status"] == "built"}
    assert built - worked == set()
