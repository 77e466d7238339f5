"""The metrics of prompt templates over 7 and 30 days, straight from their definitions: by template and day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from math import sqrt
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from oracle import plan
from oracle.events import days_of
from oracle.gates import decisions, usage_bar
from oracle.money import payments

WINDOW_DAYS = 30
WEEK_DAYS = 7


class Told(NamedTuple):
    """One event about a template."""

    template: str | None
    day: date
    at: datetime
    kind: str  # canonical event
    user: str | None
    request: str | None
    is_paid: bool
    is_paid_amount: bool


def template_metrics(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per known template and day, with the decisions of the day."""
    mine = events[(events["product"] == "prompts") & events.is_analyzable & (events.day <= as_of)]
    told = _told(mine[~mine.is_version])
    baseline = mine[mine.canonical == "baseline"]
    gate = mine[(mine.canonical == "site_gate") & mine.status.notna()].sort_values("occurred_at")
    revenue = _revenue(events, as_of)
    by_template = defaultdict(list)
    for event in told:
        by_template[event.template].append(event)
    templates = sorted({name for name in mine.template if name is not None})
    recorded = set(mine[mine.is_version].template) - {None}
    found = []
    for day in days_of(events, "prompts", as_of):
        window, week = within(told, day), within(told, day, WEEK_DAYS)
        people = {event.user for event in window} - {None}
        idle = people - {event.user for event in window if event.kind == "generation_started"}
        paid = _payers(window)
        base, base_7d = _within_days(baseline, day, WINDOW_DAYS), _within_days(baseline, day, WEEK_DAYS)
        colours = gate[gate.day <= day].status
        shared = {
            "non_executing_people_30d": len(idle),
            "paid_non_executing_people_30d": len(idle & paid),
            "baseline_user_days_30d": _sum(base.baseline_users),
            "baseline_paid_user_days_30d": _sum(base.baseline_paid),
            "baseline_user_days_7d": _sum(base_7d.baseline_users),
            "baseline_paid_user_days_7d": _sum(base_7d.baseline_paid),
            "ltv_cents_7d": _whole(max((cents for cents in base_7d.ltv if cents is not None), default=None)),
            "site_gate_color": None if colours.empty else colours.iloc[-1],
        }
        rows = []
        for template in templates:
            mine_now = within(by_template[template], day)
            row = {"prompt_template_id": template, "date_day": day, "is_orphan": template not in recorded}
            row |= _row(mine_now, window, shared, day) | _firsts(by_template[template], mine_now)
            row |= _week(within(mine_now, day, WEEK_DAYS), week, shared)
            moved = [
                cents for when, cents in revenue[template] if day - timedelta(days=WEEK_DAYS) < when <= day
            ]
            row["revenue_minor_7d"] = sum(cents for cents in moved if cents is not None)
            row["unpriced_payments_7d"] = moved.count(None)
            executed = [
                event.day
                for event in by_template[template]
                if event.kind == "generation_started" and event.day <= day
            ]
            row["days_since_execution"] = (day - max(executed)).days if executed else None
            rows.append(row)
        bar = usage_bar([row["executions_7d"] for row in rows])
        found += [row | decisions(row, bar) for row in rows]
    return pd.DataFrame(found)


def _told(events: pd.DataFrame) -> list[Told]:
    # Money on any event means paid, and so does a payment event without an amount.
    found = []
    for event in events.itertuples():
        is_payment = event.canonical == "payment"
        minor = event.minor is not None and event.minor > 0
        # An amount in the properties of a payment counts where the record has none.
        aside = is_payment and event.minor is None and event.paid_minor is not None and event.paid_minor > 0
        found.append(
            Told(
                event.template,
                event.day,
                event.occurred_at,
                event.canonical,
                event.user,
                event.task,
                is_payment or minor,
                minor or aside,
            )
        )
    return found


def within(told: Iterable[Told], day: date, days: int = WINDOW_DAYS) -> list[Told]:
    """What happened in the days that end with a day."""
    return [event for event in told if day - timedelta(days=days) < event.day <= day]


def _within_days(rows: pd.DataFrame, day: date, days: int) -> pd.DataFrame:
    return rows[(rows.day > day - timedelta(days=days)) & (rows.day <= day)]


def _payers(told: Iterable[Told], is_known: bool = False) -> set[str]:
    """People who paid, or only those of whom an amount is known."""
    return {event.user for event in told if (event.is_paid_amount if is_known else event.is_paid)} - {None}


def _revenue(events: pd.DataFrame, as_of: date) -> dict[str, list[tuple[date, int | None]]]:
    """Template → (day, amount in the reporting currency or None) of its payments."""
    found = defaultdict(list)
    moved = payments(events, as_of)
    for row in moved[moved["product"].eq("prompts") & moved.kind.eq("payment")].itertuples():
        minor = None if pd.isna(row.minor) else int(row.minor)
        found[row.template].append((row.day, converted(minor, row.currency, row.day)))
    return found


def converted(minor: int | None, currency: str, day: date) -> int | None:
    """Minor units of the product's reporting currency at the latest rate up to the day; None without a rate."""
    [reporting] = {
        row["reporting_currency"] for row in plan.rows("plan_products") if row["product"] == "prompts"
    }
    rate = Decimal(1) if currency == reporting else None
    for row in plan.rows("ref_fx_rates", "reference"):  # by date
        if (row["base_currency"], row["quote_currency"]) == (currency, reporting):
            rate = Decimal(row["rate"]) if row["valid_from"] <= day.isoformat() else rate
    if minor is None or rate is None:
        return None
    units = plan.minor_units()
    return _whole(minor * rate * units[reporting] / units[currency])


def _row(window: list[Told], everywhere: list[Told], shared: dict[str, Any], day: date) -> dict[str, Any]:
    """The 30 days of a template; `everywhere` is what happened in them with any template."""
    executes = [event for event in window if event.kind == "generation_started"]
    successes = [event for event in window if event.kind == "generation_succeeded"]
    ended = [event for event in window if event.kind in ("generation_succeeded", "generation_failed")]
    requested = [event for event in executes if event.request is not None]
    matched = [
        one for one in requested if any(two.request == one.request and two.at >= one.at for two in successes)
    ]
    patience = timedelta(hours=plan.setting("no_outcome_hours"))
    midnight = (
        datetime.combine(day + timedelta(days=1), datetime.min.time()) - plan.products()["prompts"].offset
    )
    settled = [event for event in requested if event.at + patience <= midnight]
    # Whatever counts as an outcome in time has happened before the wait is over, thus in the window.
    silent = [
        one
        for one in settled
        if not any(two.request == one.request and one.at <= two.at < one.at + patience for two in ended)
    ]
    requests, active_days = defaultdict(set), defaultdict(set)
    for number, event in enumerate(executes):
        if event.user is not None:
            requests[event.user].add(event.request or number)
            active_days[event.user].add(event.day)
    people = set(requests)
    first = {person: min(event.at for event in executes if event.user == person) for person in people}
    after = {
        event.user
        for event in everywhere
        if event.is_paid and event.user in people and event.at >= first[event.user]
    }
    waits = [wait for person in people if (wait := _wait(person, executes, successes)) is not None]
    answers = [wait for person in people if (wait := _answer(person, executes, successes)) is not None]
    low, high = _uplift_interval(
        (len(people & _payers(everywhere)), len(people)),
        (shared["paid_non_executing_people_30d"], shared["non_executing_people_30d"]),
    )
    row = {
        "executions_30d": len(executes),
        "successes_30d": len(successes),
        "failures_30d": sum(event.kind == "generation_failed" for event in window),
        "executions_with_request_30d": len(requested),
        "matched_executions_30d": len(matched),
        "settled_executions_30d": len(settled),
        "no_outcome_executions_30d": len(silent),
        "anonymous_executions_30d": sum(event.user is None for event in executes),
        "people_30d": len(people),
        "repeat_people_30d": sum(len(of_person) >= 2 for of_person in requests.values()),
        "repeat_day_people_30d": sum(len(of_person) >= 2 for of_person in active_days.values()),
        "paid_people_30d": len(people & _payers(everywhere)),
        "net_paid_people_30d": len(people & _payers(everywhere, is_known=True)),
        "paid_people_after_30d": len(after),
        "people_with_success_30d": len(waits),
        "people_with_matched_success_30d": len(answers),
        **shared,
    }
    paid_rate = ratio(row["paid_people_30d"], row["people_30d"])
    base = ratio(shared["baseline_paid_user_days_30d"], shared["baseline_user_days_30d"])
    idle = ratio(shared["paid_non_executing_people_30d"], shared["non_executing_people_30d"])
    return {
        **row,
        "completion_rate_30d": ratio(row["successes_30d"], row["executions_30d"]),
        "completion_rate_matched_30d": ratio(len(matched), len(requested)),
        "no_outcome_share_30d": ratio(len(silent), len(settled)),
        "reuse_rate_30d": ratio(row["repeat_people_30d"], row["people_30d"]),
        "reuse_rate_days_30d": ratio(row["repeat_day_people_30d"], row["people_30d"]),
        "delta_cr_30d": less(paid_rate, base),
        "delta_cr_30d_distinct": less(paid_rate, idle),
        "delta_cr_30d_distinct_low": low,
        "delta_cr_30d_distinct_high": high,
        "delta_cr_30d_after": less(ratio(len(after), len(people)), base),
        "t_first_success_median_sec_30d": float(np.median(waits)) if waits else None,
        "t_first_success_mean_sec_30d": float(np.mean(waits)) if waits else None,
        "t_first_success_p90_sec_30d": float(np.quantile(waits, 0.9)) if waits else None,
        "t_first_success_matched_median_sec_30d": float(np.median(answers)) if answers else None,
        "share_without_success_30d": ratio(len(people) - len(waits), len(people)),
        "anon_execution_share_30d": ratio(row["anonymous_executions_30d"], row["executions_30d"]),
        "is_rate_gt_1": bool(executes) and len(successes) > len(executes),
    }


def _wait(person: str, executes: list[Told], successes: list[Told]) -> float | None:
    """Seconds from a person's first execute to the first success at or after it."""
    first = min(event.at for event in executes if event.user == person)
    later = [event.at for event in successes if event.user == person and event.at >= first]
    return (min(later) - first).total_seconds() if later else None


def _answer(person: str, executes: list[Told], successes: list[Told]) -> float | None:
    """Seconds from a person's first execute with a request id to the first success of that request at or after it.

    Of several requests that began at one moment, to the first that succeeded.
    """
    asked = [event for event in executes if event.user == person and event.request is not None]
    first = min((event.at for event in asked), default=None)
    requests = {event.request for event in asked if event.at == first}
    later = [
        event.at
        for event in successes
        if event.user == person and event.request in requests and event.at >= first
    ]
    return (min(later) - first).total_seconds() if later else None


def _uplift_interval(one: tuple[int, int], other: tuple[int, int]) -> tuple[float | None, float | None]:
    """Newcombe's 95 % interval of the difference of two shares, each (part, whole); None without a whole."""
    if not one[1] or not other[1]:
        return None, None
    (low, high), (other_low, other_high) = wilson(*one), wilson(*other)
    share, other_share = one[0] / one[1], other[0] / other[1]
    difference = share - other_share
    return (
        difference - sqrt((share - low) ** 2 + (other_high - other_share) ** 2),
        difference + sqrt((high - share) ** 2 + (other_share - other_low) ** 2),
    )


def wilson(part: int, whole: int) -> tuple[float, float]:
    """The shares from which the one seen is just as far as chance goes in 95 % of cases: roots of a parabola."""
    z_squared = NormalDist().inv_cdf(0.975) ** 2
    seen = part / whole
    a, b, c = 1 + z_squared / whole, -(2 * seen + z_squared / whole), seen * seen
    root = sqrt(max(b * b - 4 * a * c, 0))
    return (-b - root) / (2 * a), (-b + root) / (2 * a)


def _firsts(ever: list[Told], window: list[Told]) -> dict[str, Any]:
    """People whose first execute ever is in the window, and how long they took."""
    executes = [event for event in window if event.kind == "generation_started"]
    successes = [event for event in window if event.kind == "generation_succeeded"]
    since = min((event.day for event in window), default=None)
    before = (
        {event.user for event in ever if event.kind == "generation_started" and event.day < since}
        if since
        else set()
    )
    new = {event.user for event in executes} - before - {None}
    waits = [wait for person in new if (wait := _wait(person, executes, successes)) is not None]
    return {
        "new_people_30d": len(new),
        "new_people_with_success_30d": len(waits),
        "t_first_success_first_ever_median_sec_30d": float(np.median(waits)) if waits else None,
    }


def _week(week: list[Told], everywhere: list[Told], shared: dict[str, Any]) -> dict[str, Any]:
    """The last 7 days of a template."""
    kinds = [event.kind for event in week]
    people = {event.user for event in week if event.kind == "generation_started"} - {None}
    executions, successes = kinds.count("generation_started"), kinds.count("generation_succeeded")
    paid = len(people & _payers(everywhere))
    base = ratio(shared["baseline_paid_user_days_7d"], shared["baseline_user_days_7d"])
    delta = less(ratio(paid, len(people)), base)
    value = (
        None if delta is None or shared["ltv_cents_7d"] is None else max(delta, 0.0) * shared["ltv_cents_7d"]
    )
    return {
        "executions_7d": executions,
        "successes_7d": successes,
        "failures_7d": kinds.count("generation_failed"),
        "people_7d": len(people),
        "paid_people_7d": paid,
        "success_rate_7d": ratio(successes, executions),
        "delta_cr_7d": delta,
        "roi_value_cents_7d": None if value is None else len(people) * value,
    }


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


def less(rate: float | None, other: float | None) -> float | None:
    """A rate less another; None when either is."""
    return None if rate is None or other is None else rate - other


def _whole(number: Decimal | None) -> int | None:
    return None if number is None else int(number.quantize(Decimal(1), ROUND_HALF_UP))


def _sum(values: pd.Series) -> int | None:
    there = [value for value in values if value is not None]
    return int(sum(there)) if there else None
