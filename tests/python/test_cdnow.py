"""A real order log (examples/cdnow) through the whole of Plumbline, against pandas on the log itself.

S2-03, S2-17, X-06, X-10, X-11, X-17.
"""

from __future__ import annotations

import runpy
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from rich.console import Console

from plumbline.build import build
from plumbline.paths import DataPaths

SUMS = ["gross_minor", "payments", "paying_users", "new_paying_users"]


@pytest.fixture(scope="module")
def example(project_root: Path) -> Path:
    return project_root / "examples" / "cdnow"


@pytest.fixture(scope="module")
def orders(example: Path) -> pd.DataFrame:
    """The log, with the amount in cents."""
    log = pd.read_csv(example / "orders.csv.gz", dtype={"amount": str}, parse_dates=["date"])
    log["cents"] = (log.amount.astype(float) * 100).round().astype(int)
    return log


@pytest.fixture(scope="module")
def served(example: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published file of a full, passing build of the example."""
    paths = DataPaths(tmp_path_factory.mktemp("cdnow"))
    script = runpy.run_path(str(example / "to_drop.py"))
    assert script["write_drop"](paths.raw) == (69_659, 23_570)
    result = build(paths, Console(quiet=True))
    assert result.passed and result.published, [node.name for node in result.dbt.nodes if not node.passed]
    with duckdb.connect(str(paths.warehouse / "build.duckdb"), read_only=True) as connection:
        statuses = connection.execute(
            "select stream, status, count(*) from normalized.line_status group by all order by all"
        ).fetchall()
        violations = connection.execute("select count(*) from normalized.event_violations").fetchall()
    assert statuses == [("trades", "accepted", 69_659), ("users", "accepted", 23_570)]
    assert violations == [(0,)]
    return paths.serving / "plumbline.duckdb"


def read(served: Path, sql: str) -> pd.DataFrame:
    with duckdb.connect(str(served), read_only=True) as connection:
        return connection.execute(sql).df()


@pytest.mark.parametrize(
    ("mart", "period", "frequency"),
    [("payments_daily", "date_day", "D"), ("payments_monthly", "month", "MS")],
)
def test_payments(orders: pd.DataFrame, served: Path, mart: str, period: str, frequency: str) -> None:
    paid = orders[orders.cents > 0].assign(when=lambda log: log.date.dt.to_period(frequency[0]).dt.start_time)
    first = paid.groupby("customer_id").when.min().value_counts()
    mine = paid.groupby("when").agg(
        gross_minor=("cents", "sum"), payments=("cents", "size"), paying_users=("customer_id", "nunique")
    )
    every = pd.date_range(orders.date.min(), orders.date.max(), freq=frequency)
    mine = mine.assign(new_paying_users=first).reindex(every).fillna(0).astype(int)
    theirs = read(served, f"select * from marts.{mart} order by {period}")
    assert (theirs.currency == "USD").all() and (theirs["product"] == "app").all()
    assert (theirs.refunded_minor == 0).all() and (theirs.unpriced_payments == 0).all()
    pd.testing.assert_frame_equal(
        theirs.set_index(period)[SUMS], mine[SUMS], check_dtype=False, check_names=False, check_freq=False
    )
    assert int(theirs.gross_minor.sum()) == int(orders.cents.sum())


def test_whoever_only_got_gifts_is_no_payer(orders: pd.DataFrame, served: Path) -> None:
    payers = orders[orders.cents > 0].customer_id.nunique()
    counted = read(served, "select value from marts.metrics_daily where metric_key = 'new_paying_users'")
    assert int(counted.value.sum()) == payers < orders.customer_id.nunique() == 23_570


def test_the_table_in_the_readme_is_the_mart(example: Path, served: Path) -> None:
    rows = read(
        served,
        "select strftime(month, '%Y-%m') as month, printf('%.2f', gross_minor / 100.0) as revenue,"
        " paying_users, new_paying_users from marts.payments_monthly order by month",
    )
    table = ["| " + " | ".join(map(str, row)) + " |" for row in rows.itertuples(index=False)]
    text = (example / "README.md").read_text()
    assert [line for line in text.splitlines() if line.startswith("| 199")] == table
