"""Active people: identified people with a successful generation, by day and rolling window."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

import pandas as pd

from oracle import plan
from oracle.events import days_of
from oracle.registrations import registrations


def active_users(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per product and day: active in 1, 7 and 30 days, new, returning, resurrected, dormant."""
    counted = events[events.is_analyzable & (events.day <= as_of)]
    found = []
    for product in plan.products():
        active = active_by_day(counted[counted["product"] == product])
        days = days_of(events, product, as_of)
        for at, day in enumerate(days):
            row = _row(active, day)
            window = days[max(0, at - 27) : at + 1]
            daily = [len(active.get(one, ())) for one in window]
            row |= {"active_user_days_28d": sum(daily), "observed_days_28d": len(window)}
            month = row["active_users_28d"]
            row["dau_mau_ratio"] = sum(daily) / len(window) / month if month else None
            found.append({"product": product, "date_day": day, **row})
    return pd.DataFrame(found)


def active_by_channel(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per product, day and channel of the registration: the same counts."""
    counted = events[events.is_analyzable & (events.day <= as_of)]
    channel = {(row.product, row.person): row.channel for row in registrations(events, as_of).itertuples()}
    found = []
    for product in plan.products():
        active = active_by_day(counted[counted["product"] == product])
        of: dict[str, dict[date, set[str]]] = defaultdict(lambda: defaultdict(set))
        for day, people in active.items():
            for person in people:
                of[channel.get((product, person), "unknown")][day].add(person)
        for name, people_by_day in of.items():
            for day in days_of(events, product, as_of):
                found.append(
                    {"product": product, "date_day": day, "channel": name, **_row(people_by_day, day)}
                )
    return pd.DataFrame(found)


def active_by_day(events: pd.DataFrame) -> dict[date, set[str]]:
    """Day → identified people with a successful generation.

    A person is the user, else the account; an outcome that names neither belongs to the account that started
    its task.
    """
    started = events[
        (events.canonical == "generation_started") & events.task.notna() & events.account.notna()
    ]
    starter = started.groupby("task").account.min().to_dict()
    active = defaultdict(set)
    for event in events[events.is_active_signal].itertuples():
        person = event.user or event.account or starter.get(event.task)
        if person:
            active[event.day].add(person)
    return active


def _row(active: dict[date, set[str]], day: date) -> dict[str, int]:
    def people(first: int, last: int) -> set[str]:
        """Who was active from `first` to `last` days before the day."""
        found: set[str] = set()
        return found.union(*(active.get(day - timedelta(days=n), set()) for n in range(last, first + 1)))

    today, month_before = people(0, 0), people(30, 1)
    ever_before = set().union(*(who for when, who in active.items() if when < day))
    return {
        "active_users_daily": len(today),
        "active_users_weekly": len(people(6, 0)),
        "active_users_28d": len(people(27, 0)),
        "active_users_monthly": len(people(29, 0)),
        "new_users": len(today - ever_before),
        "returning_users": len(today & month_before),
        "resurrected_users": len((today & ever_before) - month_before),
        "dormant_users": len((ever_before | today) - people(29, 0)),
    }
