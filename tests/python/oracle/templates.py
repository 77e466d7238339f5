"""The 30-day metrics of prompt templates, straight from their definitions: by template and day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from oracle.events import days_of

WINDOW_DAYS = 30


class Told(NamedTuple):
    """One event about a template."""

    template: str | None
    day: date
    at: datetime
    kind: str  # canonical event
    user: str | None
    request: str | None
    is_paid: bool


def template_metrics(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per known template and day."""
    mine = events[(events["product"] == "prompts") & events.is_analyzable & (events.day <= as_of)]
    told = _told(mine[~mine.is_version])
    baseline = mine[mine.canonical == "baseline"]
    by_template = defaultdict(list)
    for event in told:
        by_template[event.template].append(event)
    templates = sorted({name for name in mine.template if name is not None})
    found = []
    for day in days_of(events, "prompts", as_of):
        window = within(told, day)
        people = {event.user for event in window} - {None}
        paid = {event.user for event in window if event.is_paid} - {None}
        idle = people - {event.user for event in window if event.kind == "generation_started"}
        base = baseline[(baseline.day > day - timedelta(days=WINDOW_DAYS)) & (baseline.day <= day)]
        shared = {
            "non_executing_people_30d": len(idle),
            "paid_non_executing_people_30d": len(idle & paid),
            "baseline_user_days_30d": _sum(base.baseline_users),
            "baseline_paid_user_days_30d": _sum(base.baseline_paid),
        }
        for template in templates:
            row = {"prompt_template_id": template, "date_day": day}
            found.append({**row, **_row(within(by_template[template], day), paid, shared)})
    return pd.DataFrame(found)


def _told(events: pd.DataFrame) -> list[Told]:
    # Money on any event means paid, and so does a payment event without an amount.
    return [
        Told(
            event.template,
            event.day,
            event.occurred_at,
            event.canonical,
            event.user,
            event.task,
            event.canonical == "payment" or (event.minor is not None and event.minor > 0),
        )
        for event in events.itertuples()
    ]


def within(told: Iterable[Told], day: date) -> list[Told]:
    """What happened in the 30 days that end with a day."""
    return [event for event in told if day - timedelta(days=WINDOW_DAYS) < event.day <= day]


def _row(window: list[Told], paid: set[str], shared: dict[str, Any]) -> dict[str, Any]:
    executes = [event for event in window if event.kind == "generation_started"]
    successes = [event for event in window if event.kind == "generation_succeeded"]
    requested = [event for event in executes if event.request is not None]
    matched = [
        one for one in requested if any(two.request == one.request and two.at >= one.at for two in successes)
    ]
    requests = defaultdict(set)
    for number, event in enumerate(executes):
        if event.user is not None:
            requests[event.user].add(event.request or number)
    people = set(requests)
    waits = [wait for person in people if (wait := _wait(person, executes, successes)) is not None]
    row = {
        "executions_30d": len(executes),
        "successes_30d": len(successes),
        "failures_30d": sum(event.kind == "generation_failed" for event in window),
        "executions_with_request_30d": len(requested),
        "matched_executions_30d": len(matched),
        "anonymous_executions_30d": sum(event.user is None for event in executes),
        "people_30d": len(people),
        "repeat_people_30d": sum(len(of_person) >= 2 for of_person in requests.values()),
        "paid_people_30d": len(people & paid),
        "people_with_success_30d": len(waits),
        **shared,
    }
    paid_rate = ratio(row["paid_people_30d"], row["people_30d"])
    base = ratio(shared["baseline_paid_user_days_30d"], shared["baseline_user_days_30d"])
    idle = ratio(shared["paid_non_executing_people_30d"], shared["non_executing_people_30d"])
    return {
        **row,
        "completion_rate_30d": ratio(row["successes_30d"], row["executions_30d"]),
        "completion_rate_matched_30d": ratio(len(matched), len(requested)),
        "reuse_rate_30d": ratio(row["repeat_people_30d"], row["people_30d"]),
        "delta_cr_30d": None if paid_rate is None or base is None else paid_rate - base,
        "delta_cr_30d_distinct": None if paid_rate is None or idle is None else paid_rate - idle,
        "t_first_success_median_sec_30d": float(np.median(waits)) if waits else None,
        "t_first_success_mean_sec_30d": float(np.mean(waits)) if waits else None,
        "t_first_success_p90_sec_30d": float(np.quantile(waits, 0.9)) if waits else None,
        "share_without_success_30d": ratio(len(people) - len(waits), len(people)),
        "anon_execution_share_30d": ratio(row["anonymous_executions_30d"], row["executions_30d"]),
    }


def _wait(person: str, executes: list[Told], successes: list[Told]) -> float | None:
    """Seconds from a person's first execute to the first success at or after it."""
    first = min(event.at for event in executes if event.user == person)
    later = [event.at for event in successes if event.user == person and event.at >= first]
    return (min(later) - first).total_seconds() if later else None


def anonymous_share(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per day: executes without a user, and executes, of the window, with or without a template."""
    mine = events[(events["product"] == "prompts") & events.is_analyzable]
    executes = _told(mine[mine.canonical == "generation_started"])
    found = []
    for day in days_of(events, "prompts", as_of):
        window = within(executes, day)
        nobody = sum(event.user is None for event in window)
        found.append({"date_day": day, "numerator": nobody, "denominator": len(window)})
    return pd.DataFrame(found)


def ratio(numerator: float | None, denominator: float | None) -> float | None:
    """A ratio; None when the denominator is nothing."""
    return float(numerator) / float(denominator) if numerator is not None and denominator else None


def _sum(values: pd.Series) -> int | None:
    there = [value for value in values if value is not None]
    return int(sum(there)) if there else None
