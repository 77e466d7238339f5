"""As of a day, marts say what they would have said on that day: nothing later reaches them (X-01, X-03)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from unittest.mock import patch

import duckdb
import pandas as pd
import pytest
from adversary import DAYS, START, Adversary, Sent, as_drop
from drops import workshop
from oracle.events import accepted_events
from oracle.identity import with_people
from oracle.registry import KEYS, tidy_metrics

KEPT = {  # mart of every day up to the as-of day → columns that tell which day that is, or wait for a window to end
    "active_users_daily": [],
    "identity_daily": [],
    "payments_daily": [
        *("new_paying_users_net", "is_mature_7d", "is_mature_30d", "cohort_payers_7d", "cohort_payers_30d"),
        *("payment_conversion_rate_cohort_7d", "payment_conversion_rate_cohort_30d"),
    ],
    "payments_monthly": ["is_complete"],
    "prompt_template_daily": ["is_latest"],
    "metrics_daily": [],
}
MARTS = [
    *(*KEPT, "governance_daily", "tracking_plan_coverage", "event_name_distribution_24h"),
    *("milestones_daily", "activation_daily", "credit_pack_churn_daily", "churn_hazard"),
    *("funnel_conversions", "funnel_transitions", "funnel_matrix"),
]
PERIOD = {"payments_monthly": "month"}
MODELS = [f"reporting_clock+,+{mart}" for mart in MARTS]
PAST = [START + timedelta(days=n) for n in (6, 30, 45)]
BEYOND = START + timedelta(days=DAYS + 90)

Marts = dict[str, pd.DataFrame]


def as_of(database: Path, day: date) -> Marts:
    """The marts of a normalized database as of a day, their rows in order."""
    workshop_database = workshop().paths.warehouse / "dev.duckdb"
    shutil.copy(database, workshop_database)
    with patch.dict(os.environ, {"PLUMBLINE_AS_OF": day.isoformat()}):
        workshop().dbt("run", "--select", *MODELS)
    return read(workshop_database)


def read(database: Path) -> Marts:
    with duckdb.connect(str(database), read_only=True) as connection:
        return {mart: connection.execute(f"select * from marts.{mart} order by all").df() for mart in MARTS}


@pytest.fixture(scope="module")
def sent() -> list[Sent]:
    return Adversary(3).sent


@pytest.fixture(scope="module")
def builds(sent: list[Sent]) -> dict[str, Marts]:
    """Builds of the whole drop today, as of past days, before and beyond it; and of what past days had received."""
    whole = workshop().build(as_drop(sent), select=[f"+{mart}" for mart in MARTS]).database
    known = {}
    for day in PAST:
        told = [one for one in sent if one.day is None or one.day <= day]
        assert 100 < len(told) < len(sent) - 100
        known[day] = workshop().build(as_drop(told)).database
    found = {"today": read(whole)}
    for day in PAST:
        found[f"{day}"] = as_of(whole, day)
        found[f"known by {day}"] = as_of(known[day], day)
        if day == PAST[0]:
            found["again"] = as_of(whole, day)
    found["before"] = as_of(whole, START - timedelta(days=9))
    found["beyond"] = as_of(whole, BEYOND)
    return found


def assert_same(left: Marts, right: Marts, without: Callable[[str], list[str]] = lambda mart: []) -> None:
    for mart in left:
        one, other = (side[mart].drop(columns=without(mart)).reset_index(drop=True) for side in (left, right))
        pd.testing.assert_frame_equal(one, other, obj=mart)


@pytest.mark.parametrize("day", PAST, ids=str)
def test_a_past_day_is_what_that_day_had_seen(day: date, builds: dict[str, Marts]) -> None:
    assert all(len(builds[f"{day}"][mart]) for mart in KEPT)
    assert_same(builds[f"{day}"], builds[f"known by {day}"])


def test_the_oracle_says_the_same_of_a_past_day(sent: list[Sent], builds: dict[str, Marts], tmp_path) -> None:
    as_drop(sent).write(tmp_path)
    mine = tidy_metrics(with_people(accepted_events(tmp_path), PAST[1]), PAST[1]).sort_values(
        KEYS, ignore_index=True
    )
    theirs = builds[str(PAST[1])]["metrics_daily"].sort_values(KEYS, ignore_index=True)
    assert list(theirs.metric_key) == list(mine.metric_key)
    for column in ("numerator", "denominator", "value"):
        pd.testing.assert_series_equal(theirs[column], mine[column].astype(float))


def test_twice_the_same_day_is_twice_the_same(builds: dict[str, Marts]) -> None:
    assert_same(builds["again"], builds[str(PAST[0])])


def test_before_the_data_there_are_no_days(builds: dict[str, Marts]) -> None:
    assert {mart: len(builds["before"][mart]) for mart in KEPT} == dict.fromkeys(KEPT, 0)


def test_beyond_the_data_days_go_on_and_the_past_stays(builds: dict[str, Marts]) -> None:
    today, beyond = builds["today"], builds["beyond"]
    last = beyond["active_users_daily"].date_day.max()
    assert last == pd.Timestamp(BEYOND)
    assert (beyond["active_users_daily"].query("date_day == @last").active_users_monthly == 0).all()
    until = {mart: today[mart][PERIOD.get(mart, "date_day")].max() for mart in KEPT}
    # The last month of today was not over yet.
    until["payments_monthly"] -= pd.offsets.MonthBegin(1)

    mature = today["metrics_daily"].query("is_mature").metric_row_key

    def past(marts: Marts) -> Marts:
        """Days of today's marts; of metrics what today need not wait for."""
        kept = {mart: marts[mart][marts[mart][PERIOD.get(mart, "date_day")] <= until[mart]] for mart in KEPT}
        metrics = kept["metrics_daily"]
        return kept | {"metrics_daily": metrics[metrics.metric_row_key.isin(mature)]}

    assert_same(past(today), past(beyond), KEPT.__getitem__)
