"""Whose an event is: the user it names, else the one to whom the log-ins of its device give it, event by event."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import NamedTuple

import pandas as pd

from oracle.events import days_of

KEYS = ["product", "date_day"]


class Mark(NamedTuple):
    """Something that tells who uses a device: an event with a user, or a log-out (no user)."""

    at: pd.Timestamp
    received_at: pd.Timestamp
    plan_order: int
    user: str
    is_login: bool


def with_people(events: pd.DataFrame, until: date | None = None) -> pd.DataFrame:
    """The events with `user` and `person` as log-ins up to a day (None: all of them) tell; `sent_user` is what was sent.

    Every metric takes events that have gone through here.
    """
    known = events if until is None else events[events.day <= until]
    marks, users = defaultdict(list), set()
    for event in known.itertuples():
        users.add((event.product, event.user))
        is_logout = event.canonical == "logout"
        if event.anonymous is not None and (event.user is not None or is_logout):
            marks[event.product, event.anonymous].append(
                Mark(
                    event.occurred_at,
                    event.received_at,
                    event.plan_order,
                    "" if is_logout else event.user,
                    event.canonical == "login" and event.user is not None,
                )
            )
    for timeline in marks.values():
        timeline.sort()
    found = []
    for event in events.itertuples():
        user = event.user
        if user is None and event.anonymous is not None:
            user = _linked(event.occurred_at, marks[event.product, event.anonymous])
            if user is None and (event.product, event.anonymous) in users:
                user = event.anonymous
        found.append(user)
    user = pd.Series(found, index=events.index, dtype=object)
    return events.assign(sent_user=events.user, user=user, person=user.where(user.notna(), events.anonymous))


def _linked(at: pd.Timestamp, timeline: list[Mark]) -> str | None:
    """Whose the device was at a moment; None when no log-in tells."""
    before = [mark for mark in timeline if mark.at <= at]
    after = [mark for mark in timeline if mark.at > at]
    # Forward to the next log-in, unless somebody else or a log-out comes first.
    for mark in after:
        if mark.user != after[0].user:
            break
        if mark.is_login:
            return mark.user
    # Else whoever has logged in and is still there.
    for mark in reversed(before):
        if mark.user != before[-1].user:
            break
        if mark.is_login:
            return mark.user
    return None


def identity_daily(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per product and day: people before and after anonymous ids are joined to users."""
    counted = events.assign(before=events.sent_user.where(events.sent_user.notna(), events.anonymous))
    counted = counted[counted.is_analyzable & (counted.day <= as_of) & counted.before.notna()]
    found = []
    for product in dict.fromkeys(events["product"]):
        mine = counted[counted["product"] == product]
        by_day = dict(tuple(mine.groupby("day")))
        before_to_date, after_to_date = set(), set()
        for day in days_of(events, product, as_of):
            today = by_day.get(day, mine.iloc[:0])
            before, after = set(today.before), set(today.person)
            before_to_date |= before
            after_to_date |= after
            row = {
                "actors_before": len(before),
                "people_after": len(after),
                "merged_actors": len(before - after),
                "linked_people": len(after - before),
                "identified_people": today.user.nunique(),
                "linked_events": int((today.user.notna() & today.sent_user.isna()).sum()),
                "actors_before_to_date": len(before_to_date),
                "people_after_to_date": len(after_to_date),
            }
            found.append({"product": product, "date_day": day, **row})
    return pd.DataFrame(found)
