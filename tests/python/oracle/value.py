"""What generations are worth to people and what they cost, by day and type of task."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from oracle import plan
from oracle.events import days_of

ENDS = {"generation_succeeded": "success", "generation_failed": "failure", "generation_canceled": "canceled"}
CLASSES = ("policy", "infra", "other")


def product_value(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per product, day and type of task seen in the product, and one for all types."""
    known = events[events.is_analyzable & (events.day <= as_of)]
    found = []
    for product in plan.products():
        mine = known[known["product"] == product]
        tasks, actions, lost = _tasks(mine), _actions(mine), _unanswered(mine, product, as_of)
        types = {row["type"] for row in (*tasks, *actions, *lost)} | {"all"}
        by_key: dict[Any, tuple[list, list, list]] = defaultdict(lambda: ([], [], []))
        for at, rows in enumerate((tasks, actions, lost)):
            for row in rows:
                by_key[row["day"], row["type"]][at].append(row)
                by_key[row["day"], "all"][at].append(row)
        end = _end(product, as_of)
        for day in days_of(events, product, as_of):
            for kind in types:
                row = _row(*by_key[day, kind], end)
                row["is_outcome_mature"] = day < as_of
                found.append({"product": product, "date_day": day, "task_type": kind, **row})
    return pd.DataFrame(found)


def task_failures(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per product, day and failure class."""
    known = events[events.is_analyzable & (events.day <= as_of)]
    found = []
    for product in plan.products():
        by_day = defaultdict(list)
        for task in _tasks(known[known["product"] == product]):
            by_day[task["day"]].append(task)
        for day in days_of(events, product, as_of):
            ended = sum(task["end"] != "canceled" for task in by_day[day])
            for kind in CLASSES:
                failed = sum(task["class"] == kind for task in by_day[day])
                found.append((product, day, kind, failed, ended))
    columns = ["failed_generations", "terminal_generations"]
    return pd.DataFrame(found, columns=["product", "date_day", "failure_class", *columns])


def _row(tasks: list, actions: list, lost: list, end: datetime) -> dict[str, Any]:
    good = [task for task in tasks if task["end"] == "success"]
    bad = [task for task in tasks if task["end"] == "failure"]
    named = [task for task in tasks if task["person"]]
    tokens = defaultdict(list)
    for task in named:
        tokens[task["person"]].append(task["tokens"])
    told = [
        sum(t for t in some if t is not None) for some in tokens.values() if any(t is not None for t in some)
    ]
    people, cost = len(tokens), sum(task["cost"] or 0 for task in named)
    adopted = [task for task in good if task["is_adopted"]]
    active = len({task["person"] for task in good if task["person"]})
    named_good = sum(1 for task in good if task["person"])
    spent = float(sum(told))
    row = {
        "total_generations": len(good),
        "failed_generations": len(bad),
        "terminal_generations": len(good) + len(bad),
        "no_outcome_generations": len(lost),
        "adoption_actions": len(actions),
        "adopted_generations": len(adopted),
        "identified_generations": named_good,
        "active_users": active,
        "tasks": len(tasks),
        "tasks_with_tokens": sum(task["tokens"] is not None for task in tasks),
        "tasks_with_cost": sum(task["cost"] is not None for task in tasks),
        "task_users": people,
        "tokens": float(sum(task["tokens"] or 0 for task in tasks)),
        "identified_tokens": spent,
        "token_cost": cost,
        "adoption_rate": _over(len(actions), len(good)),
        "adoption_rate_tasks": _over(len(adopted), len(good)),
        "avg_tasks_per_user": _over(named_good, active),
        "task_error_rate": _over(len(bad), len(good) + len(bad)),
        "cost_per_user_token": _over(spent, people),
        "cost_per_user_token_p50": float(np.percentile(told, 50)) if told else None,
        "cost_per_user_token_p95": float(np.percentile(told, 95)) if told else None,
        "cost_per_user_token_max": max(told, default=None),
        "cost_per_user_money": _over(cost, people),
        "is_adoption_mature": all(task["at"] + _adoption_window() <= end for task in good),
    }
    for name, part in (("token_coverage", "tasks_with_tokens"), ("token_price_coverage", "tasks_with_cost")):
        row[name] = _over(row[part], len(tasks))
    return row


def _over(numerator: float, denominator: float) -> float | None:
    return numerator / denominator if denominator else None


def _adoption_window() -> timedelta:
    return timedelta(days=plan.setting("adoption_window_days"))


def _end(product: str, as_of: date) -> datetime:
    """The first moment after the as-of day, in UTC."""
    midnight = datetime.combine(as_of + timedelta(days=1), datetime.min.time())
    return midnight - plan.products()[product].offset


def _tasks(events: pd.DataFrame) -> list[dict[str, Any]]:
    """Generations that ended: by whom, how, for how much, and whether somebody took the result."""
    taken = defaultdict(list)
    for action in _adopting(events):
        taken[action.task].append(action.occurred_at)
    starter: dict[str, str] = {}
    for event in events[events.canonical == "generation_started"].itertuples():
        if event.task and event.account:
            starter[event.task] = min(event.account, starter.get(event.task, event.account))
    found = []
    for event in events[events.canonical.isin(ENDS)].itertuples():
        tokens = None if event.tokens is None else float(event.tokens)
        waits = [at - event.occurred_at for at in taken[event.task]] if event.task else []
        is_failure = event.canonical == "generation_failed"
        found.append(
            {
                "day": event.day, "at": event.occurred_at, "end": ENDS[event.canonical],
                "type": event.task_type or "unknown", "tokens": tokens,
                "person": event.user or event.account or starter.get(event.task),
                "class": _failure_class(event.failure_code) if is_failure else None,
                "cost": _cost(event, tokens), "task": event.task,
                "is_adopted": any(timedelta(0) <= wait < _adoption_window() for wait in waits),
            }
        )  # fmt: skip
    return found


def _adopting(events: pd.DataFrame) -> list[Any]:
    wanted = {key for key, row in plan.events().items() if row["is_adoption_action"] == "true"}
    return [event for event in events.itertuples() if (event.product, event.event_name) in wanted]


def _actions(events: pd.DataFrame) -> list[dict[str, Any]]:
    """Actions by which somebody took a result, with the type of the first task of that id."""
    good = events[(events.canonical == "generation_succeeded") & events.task.notna()]
    good = good.sort_values(["occurred_at", "received_at", "plan_order"], kind="stable")
    types: dict[str, str] = {}
    for event in good.itertuples():
        types.setdefault(event.task, event.task_type or "unknown")
    return [{"day": event.day, "type": types.get(event.task, "unknown")} for event in _adopting(events)]


def _unanswered(events: pd.DataFrame, product: str, as_of: date) -> list[dict[str, Any]]:
    """Starts without any end of the same task in time, once that time has passed."""
    ends, wait = defaultdict(list), timedelta(hours=plan.setting("no_outcome_hours"))
    for event in events[events.canonical.isin(ENDS)].itertuples():
        ends[event.task].append(event.occurred_at)
    return [
        {"day": event.day, "type": event.task_type or "unknown"}
        for event in events[events.canonical == "generation_started"].itertuples()
        if event.task
        and event.occurred_at + wait <= _end(product, as_of)
        and not any(event.occurred_at <= at < event.occurred_at + wait for at in ends[event.task])
    ]


def _failure_class(code: str | None) -> str:
    rows = {row["failure_code"]: row["failure_class"] for row in plan.rows("plan_failure_classes")}
    return rows.get((code or "").lower(), "other")


def _cost(event: Any, tokens: float | None) -> float | None:
    """Money in the reporting currency; None when tokens, price or rate are not known."""
    if not tokens:
        return tokens
    priced = _valid(
        [row for row in plan.rows("ref_token_prices", "reference") if row["model"] == event.model], event.day
    )
    reporting = next(
        row["reporting_currency"] for row in plan.rows("plan_products") if row["product"] == event.product
    )
    if priced is None:
        return None
    cost = tokens * float(priced["price_per_million_tokens"]) / 1e6
    if priced["currency"] == reporting:
        return cost
    pairs = [
        row
        for row in plan.rows("ref_fx_rates", "reference")
        if (row["base_currency"], row["quote_currency"]) == (priced["currency"], reporting)
    ]
    rate = _valid(pairs, event.day)
    return None if rate is None else cost * float(rate["rate"])


def _valid(rows: list[plan.Row], day: date) -> plan.Row | None:
    """Of dated rows the one that holds on a day."""
    begun = [row for row in rows if row["valid_from"] <= day.isoformat()]
    return max(begun, key=lambda row: row["valid_from"], default=None)
