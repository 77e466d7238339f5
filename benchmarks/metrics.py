"""A pandas script that says what three marts say, against one scan of the landed Parquet."""

from __future__ import annotations

import time
from statistics import median
from typing import Any

import pandas as pd

from benchmarks.build import scan_seconds
from plumbline.engine import connect
from plumbline.paths import DataPaths

#: Models that say what the script says.
MODELS = (
    *("generations", "registrations", "active_days", "active_users_by_channel_daily", "active_users_daily"),
    *("payments", "payments_daily"),
    *("template_events", "template_window_changes", "template_first_successes", "prompt_template_daily"),
)
WINDOW_DAYS = 30


def pandas_scans(paths: DataPaths, repeats: int = 3) -> float:
    """What the script takes over a finished build, in scans: medians of interleaved repeats."""
    scans, seconds = [scan_seconds(paths)], []
    for _ in range(repeats):
        started = time.perf_counter()
        pandas_metrics(paths)
        seconds.append(time.perf_counter() - started)
        scans.append(scan_seconds(paths))
    return median(seconds) / median(scans)


# --- the same metrics as an analyst would write them in pandas -----------------------------------------


def pandas_metrics(paths: DataPaths) -> dict[str, pd.DataFrame]:
    """The main columns of the marts, by name, from the accepted events in the build database."""
    with connect(paths.warehouse / "build.duckdb", read_only=True) as connection:
        events = connection.execute(
            "select * exclude (props) from normalized.events where is_analyzable"
        ).df()
        clock = connection.execute("select * from normalized.reporting_clock").df().set_index("product")
        currencies = connection.execute("select * from seeds.ref_currencies").df()
        products = connection.execute("select * from seeds.plan_products").df()
        baseline = connection.execute(
            "select product, event_date, cast(props ->> 'nonprompt_users' as double) as users,"
            " cast(props ->> 'nonprompt_paid_users' as double) as paid"
            " from normalized.events where canonical_event = 'baseline'"
        ).df()
    as_of = clock.as_of_date.max()
    events = events[events.event_date <= as_of]
    days = {
        product: pd.date_range(first, as_of)
        for product, first in clock.first_event_date.items()
        if pd.notna(first) and first <= as_of
    }
    return {
        "active_users_daily": _active_users(events, days),
        "payments_daily": _payments(events, products, currencies),
        "prompt_template_daily": _templates(events, baseline, days),
    }


def _active_users(events: pd.DataFrame, days: dict[str, pd.DatetimeIndex]) -> pd.DataFrame:
    started = events[(events.canonical_event == "generation_started") & events.account_id.notna()]
    starters = started.groupby(["product", "task_id"]).account_id.min().rename("starter").reset_index()
    made = events[events.canonical_event == "generation_succeeded"].merge(
        starters, "left", ["product", "task_id"]
    )
    made["person"] = made.user_id.fillna(made.account_id).fillna(made.starter)
    active = made.dropna(subset="person")[["product", "person", "event_date"]].drop_duplicates()
    rows = []
    for product, of_product in active.groupby("product"):
        for day in days[product]:
            row: dict[str, Any] = {"product": product, "date_day": day}
            for name, length in (("daily", 1), ("weekly", 7), ("monthly", 30)):
                row[f"active_users_{name}"] = _window(of_product, day, length).person.nunique()
            rows.append(row)
    return pd.DataFrame(rows)


def _payments(events: pd.DataFrame, products: pd.DataFrame, currencies: pd.DataFrame) -> pd.DataFrame:
    is_payment = events.canonical_event.isin(["payment", "refunded_payment"]) | (
        events.amount_minor_text.notna() & (events.canonical_event != "refund")
    )
    paid = events[is_payment].merge(products[["product", "default_currency"]], on="product")
    paid["currency"] = paid.currency.fillna(paid.default_currency)
    paid = paid.merge(currencies, "left", "currency")
    minor = pd.to_numeric(paid.amount_minor_text)
    minor = minor.fillna(pd.to_numeric(paid.charged_minor_text).where(paid.canonical_event == "payment"))
    minor = minor.fillna(pd.to_numeric(paid.amount_text) * 10**paid.minor_unit_exponent)
    paid["minor"] = minor.where(paid.is_trial_text != "true", 0).round()
    paid = paid[paid.minor > 0]
    paid["order"] = paid.order_id.fillna(paid.task_id).fillna(paid.event_key)
    paid = paid.sort_values(["occurred_at", "received_at", "plan_order"]).drop_duplicates(
        ["product", "order"]
    )
    first = ~paid.duplicated(["product", "user_id"]) & paid.user_id.notna()
    return (
        paid.assign(is_first=first)
        .groupby(["product", "event_date", "currency"])
        .agg(
            gross_minor=("minor", "sum"),
            paying_users=("user_id", "nunique"),
            new_paying_users=("is_first", "sum"),
        )
        .reset_index()
    )


def _templates(
    events: pd.DataFrame, baseline: pd.DataFrame, days: dict[str, pd.DatetimeIndex]
) -> pd.DataFrame:
    told = events[(events["product"] == "prompts") & (events.stream_kind == "events")]
    is_paid = (told.canonical_event == "payment") | (pd.to_numeric(told.amount_minor_text) > 0)
    told = told.assign(is_paid=is_paid, request=told.task_id.fillna(told.event_key))
    rows = []
    for day in days.get("prompts", ()):
        window, base = _window(told, day, WINDOW_DAYS), _window(baseline, day, WINDOW_DAYS)
        rows.append(_template_day(window, base).assign(date_day=day))
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame()


def _template_day(window: pd.DataFrame, base: pd.DataFrame) -> pd.DataFrame:
    executes = window[window.canonical_event == "generation_started"]
    successes = window[window.canonical_event == "generation_succeeded"]
    named = executes.dropna(subset="user_id")
    people = named[["template_id", "user_id"]].drop_duplicates()
    payers = set(window[window.is_paid].user_id.dropna())
    idle = set(window.user_id.dropna()) - set(named.user_id)
    by_request = executes.dropna(subset="task_id").merge(successes, on=["template_id", "task_id"])
    matched = by_request[by_request.occurred_at_y >= by_request.occurred_at_x].event_key_x.drop_duplicates()
    first = named.groupby(["template_id", "user_id"]).occurred_at.min().rename("first_at").reset_index()
    later = first.merge(successes[["template_id", "user_id", "occurred_at"]], on=["template_id", "user_id"])
    later = later[later.occurred_at >= later.first_at]
    waits = later.groupby(["template_id", "user_id"]).apply(
        lambda rows: (rows.occurred_at.min() - rows.first_at.iloc[0]).total_seconds(), include_groups=False
    )
    waits = waits.rename("seconds").reset_index() if len(waits) else first.assign(seconds=0.0).iloc[:0]
    requests = named.groupby(["template_id", "user_id"]).request.nunique()
    paid_rate = people.assign(is_payer=people.user_id.isin(payers)).groupby("template_id").is_payer.mean()
    size, seconds = executes.groupby("template_id").size(), waits.groupby("template_id").seconds
    requested = executes.dropna(subset="task_id")
    is_matched = requested.event_key.isin(matched)
    succeeded = successes.groupby("template_id").size().reindex(size.index).fillna(0)
    return (
        pd.DataFrame(
            {
                "completion_rate_30d": succeeded / size,
                "completion_rate_matched_30d": is_matched.groupby(requested.template_id).mean(),
                "reuse_rate_30d": (requests >= 2).groupby("template_id").mean(),
                "delta_cr_30d": paid_rate - base.paid.sum() / base.users.sum() if base.users.sum() else None,
                "delta_cr_30d_distinct": paid_rate - len(idle & payers) / len(idle) if idle else None,
                "t_first_success_median_sec_30d": seconds.median(),
                "t_first_success_mean_sec_30d": seconds.mean(),
                "t_first_success_p90_sec_30d": seconds.quantile(0.9),
            }
        )
        .rename_axis("prompt_template_id")
        .reset_index()
    )


def _window(rows: pd.DataFrame, day: pd.Timestamp, length: int) -> pd.DataFrame:
    """The rows of the `length` local days that end with a day."""
    return rows[(rows.event_date > day - pd.Timedelta(days=length)) & (rows.event_date <= day)]
