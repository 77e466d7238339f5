"""Sessions of people, and through which channels they came before they registered."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

import pandas as pd

from oracle import plan
from oracle.events import days_of
from oracle.registrations import ORDER, channel_of, registrations

DIRECT = "Direct"
AD = ["campaign", "adset", "ad", "creative", "ad_angle", "landing_variant"]


def sessions(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per session: visits of a person with less than the plan's gap between them."""
    known = events[events.is_analyzable & (events.day <= as_of) & events.is_visit & events.person.notna()]
    gap = timedelta(minutes=plan.setting("session_gap_minutes"))
    away = timedelta(hours=plan.setting("return_session_hours"))
    found, senders = [], defaultdict(set)
    for (product, person), visits in known.sort_values(ORDER, kind="stable").groupby(["product", "person"]):
        last_end = None
        for visit in visits.itertuples():
            if last_end is None or visit.occurred_at - last_end >= gap:
                is_return = last_end is not None and visit.occurred_at - last_end >= away
                found.append({"product": product, "person_key": person, "started_at": visit.occurred_at,
                              "date_day": visit.day, "channel": None, "touch": visit, "is_return": is_return, "visits": 0,
                              "sent": set(), "is_sent_return": False})  # fmt: skip
            last_end = visit.occurred_at
            session = found[-1]
            session["ended_at"] = visit.occurred_at
            session["visits"] += 1
            if session["channel"] is None and channel_of(visit):
                session["channel"], session["touch"] = channel_of(visit), visit
            session["is_sent_return"] |= visit.canonical == "return_session"
            if visit.session is not None:
                session["sent"].add(visit.session)
                senders[product, visit.session].add(len(found))
    for session in found:
        session["channel"] = session["channel"] or DIRECT
        sent = session.pop("sent")
        session["sent_session_ids"] = len(sent)
        session["is_as_sent"] = len(sent) == 1 and len(senders[session["product"], min(sent)]) == 1
    return pd.DataFrame(found)


def sessions_daily(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per product, day and channel ever seen in the product."""
    begun, found = sessions(events, as_of), []
    for product, of_product in begun.groupby("product"):
        by_cell = dict(tuple(of_product.groupby(["date_day", "channel"])))
        for day in days_of(events, product, as_of):
            for channel in sorted(of_product.channel.unique()):
                mine = by_cell.get((day, channel), of_product.iloc[:0])
                found.append({
                    "product": product, "date_day": day, "channel": channel, "sessions": len(mine),
                    "people": mine.person_key.nunique(), "return_sessions": int(mine.is_return.sum()),
                    "sent_return_sessions": int(mine.is_sent_return.sum()),
                    "agreed_return_sessions": int((mine.is_return & mine.is_sent_return).sum()),
                    "sessions_as_sent": int(mine.is_as_sent.sum()),
                    "sessions_without_sent_id": int((mine.sent_session_ids == 0).sum()),
                })  # fmt: skip
    return pd.DataFrame(found)


def touches(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per registered person and touch, the first and the last: channel and ad.

    The first is the first session before, the last the last one in the plan's time that names a channel.
    """
    window = timedelta(days=plan.setting("attribution_window_days"))
    mine = dict(tuple(sessions(events, as_of).groupby(["product", "person_key"])))
    found = []
    for person in registrations(events, as_of).itertuples():
        sessions_of = mine.get((person.product, person.person))
        before = [] if sessions_of is None else [
            one for one in sessions_of.itertuples() if one.started_at <= person.registered_at
        ]  # fmt: skip
        named = [
            one for one in before if one.channel != DIRECT and person.registered_at < one.started_at + window
        ]
        for touch, session in (("first", before[:1]), ("last", named[-1:])):
            row = {
                "product": person.product,
                "person_key": person.person,
                "date_day": person.day,
                "touch": touch,
            }
            row |= {"channel": DIRECT} | dict.fromkeys(AD)
            for one in session:
                row |= {"channel": one.channel} | {name: getattr(one.touch, name) for name in AD}
            found.append(row)
    return pd.DataFrame(found)


def attribution_daily(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per product, day, dimension and value with registrations."""
    told = touches(events, as_of).melt(
        ["product", "date_day", "touch"], ["channel", *AD], "dimension", "dimension_value"
    )
    keys = ["product", "date_day", "dimension", "dimension_value"]
    counts = told.dropna().groupby([*keys, "touch"]).size().unstack(fill_value=0)
    return counts.add_suffix("_touch_registrations").reset_index()
