"""What `make bench` runs against the marts computes what they compute."""

from __future__ import annotations

import duckdb
import pandas as pd
import pytest

from benchmarks.metrics import pandas_metrics
from benchmarks.shapes import compiled, longest_window
from plumbline.paths import DataPaths

KEYS = {
    "active_users_daily": ["product", "date_day"],
    "payments_daily": ["product", "date_day", "currency"],
    "prompt_template_daily": ["prompt_template_id", "date_day"],
}


@pytest.fixture(scope="module")
def script(built_demo: DataPaths) -> dict[str, pd.DataFrame]:
    return pandas_metrics(built_demo)


@pytest.mark.parametrize("mart", KEYS)
def test_the_script_says_what_the_mart_says(
    mart: str, script: dict[str, pd.DataFrame], built_demo: DataPaths
) -> None:
    mine = script[mart].rename(columns={"event_date": "date_day"})
    with duckdb.connect(str(built_demo.serving / "plumbline.duckdb"), read_only=True) as connection:
        theirs = connection.execute(f"select * from marts.{mart}").df()
    both = mine.merge(theirs, on=KEYS[mart], suffixes=("", "_mart"))
    assert len(both) == len(mine) > 30
    for column in mine.columns.drop(KEYS[mart]):
        pd.testing.assert_series_equal(
            both[column].astype(float), both[f"{column}_mart"].astype(float), check_names=False
        )


def test_the_longest_window_is_as_long_as_asked(built_demo: DataPaths) -> None:
    [mart] = compiled(built_demo, "active_users_by_channel_daily").values()
    with duckdb.connect() as connection:
        connection.execute(f"attach '{built_demo.warehouse}/build.duckdb' as build (read_only)")
        for days, column in ((7, "active_users_weekly"), (28, "active_users_28d")):
            other = connection.execute(
                f"select count(*) from ({longest_window(mart, days)}) where active_users_monthly <> {column}"
            ).fetchall()
            assert other == [(0,)]
