"""Jobs: how they end."""

from __future__ import annotations

from datetime import date

import pandas as pd

from oracle import plan
from oracle.events import days_of

MOVES = {
    "generation_started": "created",
    "generation_succeeded": "succeeded",
    "generation_failed": "failed",
    "generation_refunded": "refunded",
}
DIMENSIONS = ["product", "date_day", "mode", "platform", "failure_reason"]


def jobs_daily(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per product, day, mode, platform and failure reason in which jobs ended."""
    measured = {
        row["product"] for row in plan.rows("plan_metrics") if row["metric_key"] == "job_success_rate"
    }
    moves = events[
        events.is_analyzable
        & (events.day <= as_of)
        & events["product"].isin(measured)
        & events.canonical.isin(MOVES)
        & events.task.notna()
    ]
    ended = [
        {"product": product, **row}
        for (product, _), told in moves.groupby(["product", "task"])
        if (row := _job(told))
    ]
    counted = pd.DataFrame(ended).groupby(DIMENSIONS).sum().reset_index()
    return counted.assign(jobs_ended=counted.jobs_succeeded + counted.jobs_failed)


def _job(told: pd.DataFrame) -> dict | None:
    """What became of a job, from its events in order; None while it has no outcome."""
    told = told.assign(move=told.canonical.map(MOVES))
    times = told.groupby("move").occurred_at.min()
    outcomes = told[told.move.isin(["succeeded", "failed"])]
    if outcomes.empty:
        return None
    last = outcomes.iloc[-1]
    names = list(outcomes.move)
    is_legal = (
        "created" in times
        and times["created"] <= outcomes.occurred_at.min()
        and (names.count("succeeded") == 0 or (names.count("succeeded") == 1 and names[-1] == "succeeded"))
        and ("refunded" not in times or times["refunded"] >= outcomes.occurred_at.min())
    )
    return {
        "date_day": last.day,
        "mode": _largest(told["mode"]),
        "platform": _largest(told.platform),
        "failure_reason": (last.failure_reason or "unknown") if last.move == "failed" else "none",
        "jobs_succeeded": int(last.move == "succeeded"),
        "jobs_failed": int(last.move == "failed"),
        "jobs_retried": int(len(outcomes) > 1),
        "jobs_refunded": int("refunded" in times),
        "jobs_out_of_order": int(not is_legal),
    }


def _largest(values: pd.Series) -> str:
    sent = values.dropna()
    return sent.max() if len(sent) else "unknown"


def job_rates(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per metric, day and segment value: jobs that succeeded or were refunded / jobs ended."""
    jobs, found = jobs_daily(events, as_of), []
    for product, mine in jobs.groupby("product"):
        for segment, values in {
            "all": pd.Series("all", index=mine.index), "mode": mine["mode"], "platform": mine.platform,
        }.items():  # fmt: skip
            for value in sorted(set(values)):
                of_value = mine[values == value]
                for day in days_of(events, product, as_of):
                    today = of_value[of_value.date_day == day]
                    for key, column in (
                        ("job_success_rate", "jobs_succeeded"),
                        ("job_refund_rate", "jobs_refunded"),
                    ):
                        above, below = int(today[column].sum()), int(today.jobs_ended.sum())
                        found.append(
                            {
                                "metric_key": key, "product": product, "date_day": day, "segment": segment,
                                "segment_value": value, "numerator": above, "denominator": below,
                                "value": above / below if below else None,
                            }
                        )  # fmt: skip
    return pd.DataFrame(found)
