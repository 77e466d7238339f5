"""Who registered when, and through which channel."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from functools import cache
from urllib.parse import urlsplit

import pandas as pd

from oracle import plan
from oracle.events import days_of

ORDER = ["occurred_at", "received_at", "plan_order"]
COLUMNS = ["product", "person", "registered_at", "day", "channel"]


def registrations(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per product and person: the first registration up to the as-of day."""
    known = events[events.is_analyzable & (events.day <= as_of)].sort_values(ORDER, kind="stable")
    first, sources = {}, defaultdict(list)
    for event in known.itertuples():
        person = event.product, event.user or event.anonymous
        channel = channel_of(event)
        if event.canonical == "registration" and person[1] is not None:
            first.setdefault(person, (event.occurred_at, event.day, channel))
        if channel:
            sources[person].append((event.occurred_at, channel))
    found = []
    for person, (at, day, channel) in first.items():
        before = [source for told_at, source in sources[person] if told_at <= at]
        found.append((*person, at, day, channel or (before or ["Direct"])[0]))
    return pd.DataFrame(found, columns=COLUMNS)


def acquisition(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per product, day and channel ever seen in the product: registrations and their share of the day."""
    people = registrations(events, as_of)
    found = []
    for product, mine in people.groupby("product"):
        by_day = mine.groupby("day").size()
        by_channel = mine.groupby(["day", "channel"]).size()
        for day in days_of(events, product, as_of):
            everyone = int(by_day.get(day, 0))
            for channel in sorted(mine.channel.unique()):
                came = int(by_channel.get((day, channel), 0))
                share = came / everyone if everyone else None
                found.append((product, day, channel, came, everyone, share))
    columns = ["product", "date_day", "channel", "registrations", "all_registrations", "share"]
    return pd.DataFrame(found, columns=columns)


def channel_of(event) -> str | None:
    """The channel that an event names, by its utm_source or by the host of its referring page."""
    source = event.channel
    if source is not None and source.lower() not in ("null", "undefined", "none", "nan"):
        return _rows("utm_source").get(source.lower(), source)
    host = _host(event.referrer)
    if host is None:
        return None
    # The most specific host that the plan knows: a.b.c, b.c, c.
    parts = host.split(".")
    wider = (".".join(parts[n:]) for n in range(len(parts)))
    return next(
        (_rows("referrer_host")[name] for name in wider if name in _rows("referrer_host")), "Referral"
    )


def _host(url: str | None) -> str | None:
    if url is None:
        return None
    url = url if "://" in url or url.startswith("//") else f"//{url}"
    host = (urlsplit(url).netloc.rpartition("@")[2].partition(":")[0] or "").lower()
    return host if "." in host.strip(".") else None


@cache
def _rows(kind: str) -> dict[str, str]:
    rows = plan.rows("ref_channels", "reference")
    return {row["raw_value"]: row["channel"] for row in rows if row["kind"] == kind}
