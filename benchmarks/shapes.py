"""What a longer window and a longer history cost on DuckDB: the SQL of the models with only that changed."""

from __future__ import annotations

import time
from statistics import median

import duckdb

from plumbline.dbt_runner import invoke_dbt
from plumbline.engine import connect
from plumbline.paths import DataPaths

#: Days of the longest rolling window; how many times as long the same subscriptions take.
WINDOWS = (7, 30, 90)
HISTORIES = (1, 4, 16)

#: Each subscription of the drop stands for so many: a mart of a few thousand is too quick to measure.
COPIES = 10
MRR_CHANGES = ("mrr_changes", "customer_mrr_movements")
MRR_MARTS = ("mrr_daily", "mrr_movements_daily")


def window_seconds(paths: DataPaths, repeats: int = 3) -> dict[int, float]:
    """Days of the longest window → median seconds of `active_users_by_channel_daily` over a build."""
    [mart] = compiled(paths, "active_users_by_channel_daily").values()
    seconds: dict[int, list[float]] = {days: [] for days in WINDOWS}
    with connect() as connection:
        connection.execute(f"attach '{paths.warehouse}/build.duckdb' as build (read_only)")
        for days in WINDOWS * repeats:
            seconds[days].append(_make(connection, "counted", longest_window(mart, days)))
    return {days: median(of_window) for days, of_window in seconds.items()}


def longest_window(mart: str, days: int) -> str:
    """The SQL of the mart, its window of 30 days made another."""
    return mart.replace("(30)::integer", f"({days})::integer")


def mrr_seconds(paths: DataPaths, repeats: int = 3) -> dict[int, tuple[float, float]]:
    """Times as long a history → median seconds of changes with movements, and of the daily marts."""
    models = compiled(paths, "product_days", *MRR_CHANGES, *MRR_MARTS)
    seconds: dict[int, list[tuple[float, float]]] = {times: [] for times in HISTORIES}
    for times in HISTORIES * repeats:
        with connect() as connection:
            connection.execute(f"attach '{paths.warehouse}/build.duckdb' as built (read_only)")
            connection.execute("attach ':memory:' as build; use build")
            connection.execute("create schema seeds; create schema normalized; create schema marts")
            _stretch(connection, times)
            _make(connection, "normalized.product_days", models["product_days"])
            seconds[times].append((
                sum(_make(connection, f"normalized.{name}", models[name]) for name in MRR_CHANGES),
                sum(_make(connection, f"marts.{name}", models[name]) for name in MRR_MARTS),
            ))  # fmt: skip
    return {
        times: (median(first for first, _ in each), median(last for _, last in each))
        for times, each in seconds.items()
    }


def _stretch(connection: duckdb.DuckDBPyConnection, times: int) -> None:
    """What the models of MRR read, with every date `times` as far from the first one as it is."""
    [(first,)] = connection.execute(
        "select min(start_date) from built.normalized.subscription_periods"
    ).fetchall()

    def far(column: str) -> str:
        return f"date '{first}' + cast({times} * ({column} - date '{first}') as integer) as {column}"

    copied = ", ".join(
        f"{key} || '/' || copy as {key}"
        for key in ("subscription_key", "event_key", "customer", "person_key")
    )
    connection.execute(f"""
        create table normalized.subscription_periods as
        select * exclude (copy) replace ({copied}, {far("start_date")}, {far("end_date")})
        from built.normalized.subscription_periods, range({COPIES}) as copies(copy);
        create table normalized.reporting_clock as
        select * replace ({far("first_event_date")}, {far("as_of_date")})
        from built.normalized.reporting_clock;
        create table normalized.reporting_rates as from built.normalized.reporting_rates;
        create table seeds.ref_currencies as from built.seeds.ref_currencies;
        create table seeds.plan_subscription_events as from built.seeds.plan_subscription_events;
    """)


def compiled(paths: DataPaths, *models: str) -> dict[str, str]:
    """The SQL of models as it reads tables of the build database."""
    folders = ("--target-path", f"{paths.warehouse}/bench", "--log-path", f"{paths.warehouse}/logs")
    outcome = invoke_dbt(
        ["compile", "--target", "duckdb", *folders, "--log-level", "none", "--select", *models],
        {"PLUMBLINE_DATA": str(paths.root)},
    )
    # Tests of the models are compiled with them.
    return {
        one.node.name: one.node.compiled_code for one in outcome.result.results if one.node.name in models
    }


def _make(connection: duckdb.DuckDBPyConnection, table: str, sql: str) -> float:
    """Seconds to fill a table."""
    started = time.perf_counter()
    connection.execute(f"create or replace table {table} as {sql}")
    return time.perf_counter() - started
