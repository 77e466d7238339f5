"""Who of those registered comes back, by calendar days, by 24 hours and by weeks."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import pandas as pd

from oracle import plan
from oracle.events import days_of
from oracle.registrations import registrations

DAY = timedelta(days=1)


@dataclass
class Member:
    """A registered person and the moments of what the person did."""

    at: datetime
    day: date
    channel: str
    core: list[tuple[date, datetime]] = field(default_factory=list)
    visit: list[tuple[date, datetime]] = field(default_factory=list)
    generate: list[tuple[date, datetime]] = field(default_factory=list)

    def on(self, kind: str, first: date, last: date) -> bool:
        """Whether something of the kind happened on a local day from `first` to `last`."""
        return any(first <= day <= last for day, _ in getattr(self, kind))

    def after(self, first: timedelta, end: timedelta) -> bool:
        """Whether a core action happened at least `first` and less than `end` after the registration."""
        return any(self.at + first <= at < self.at + end for _, at in self.core)


def members(events: pd.DataFrame, as_of: date) -> dict[str, list[Member]]:
    """Product → who registered, with what they did up to the as-of day."""
    people = {
        (row.product, row.person): Member(row.registered_at, row.day, row.channel)
        for row in registrations(events, as_of).itertuples()
    }
    flags = {"core": "is_core_action", "visit": "is_visit", "generate": "is_active_signal"}
    for event in events[events.is_analyzable & (events.day <= as_of)].itertuples():
        member = people.get((event.product, event.user or event.anonymous))
        if member is None:
            continue
        row = plan.events()[event.product, event.event_name]
        for kind, flag in flags.items():
            if row[flag] == "true":
                getattr(member, kind).append((event.day, event.occurred_at))
    found = defaultdict(list)
    for (product, _), member in people.items():
        found[product].append(member)
    return found


def retention_cohorts(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per product with registrations, day and number of days since, up to the as-of day."""
    found, longest = [], int(plan.setting("retention_max_days"))
    for product, everyone in members(events, as_of).items():
        cohorts = _by(everyone, lambda member: member.day)
        for day in days_of(events, product, as_of):
            for number in range(min(longest, (as_of - day).days) + 1):
                then = day + number * DAY
                back = sum(member.on("core", then, then) for member in cohorts[day])
                size = len(cohorts[day])
                found.append((product, day, number, size, back, back / size if size else None, True))
    columns = ["cohort_size", "retained_users", "retention_rate", "is_mature"]
    return pd.DataFrame(found, columns=["product", "cohort_date", "day_number", *columns])


def retention_daily(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per product, day and channel, `all` included."""
    found, of = [], members(events, as_of)
    for product in plan.products():
        everyone = of.get(product, [])
        by_channel = {**_by(everyone, lambda member: member.channel), "all": everyone}
        for channel, those in by_channel.items():
            days, weeks = (
                _by(those, lambda member: member.day),
                _by(those, lambda member: week_of(member.day)),
            )
            for day in days_of(events, product, as_of):
                row = _row(days, weeks, day, product, as_of)
                found.append({"product": product, "date_day": day, "channel": channel, **row})
    return pd.DataFrame(found)


def week_of(day: date) -> date:
    """First day of the week of a day."""
    first = int(plan.setting("week_start_iso_day"))
    while day.isoweekday() != first:
        day -= DAY
    return day


def _row(days: dict, weeks: dict, day: date, product: str, as_of: date) -> dict[str, object]:
    today, yesterday, week_ago = days[day], days[day - DAY], days[day - 7 * DAY]
    returned = week_of(day + DAY) - 7 * DAY  # the latest week that has ended
    last, four = weeks[returned - 7 * DAY], weeks[returned - 28 * DAY]
    week = (returned, returned + 6 * DAY)
    hours = timedelta(hours=1)
    metrics = {
        "day_1": (yesterday, lambda one: one.on("core", day, day)),
        "day_1_visit": (yesterday, lambda one: one.on("visit", day, day)),
        "day_1_generate": (yesterday, lambda one: one.on("generate", day, day)),
        "day_1_rolling_24h": (yesterday, lambda one: one.after(24 * hours, 48 * hours)),
        "day_7": (week_ago, lambda one: one.on("core", day, day)),
        "day_7_rolling_24h": (week_ago, lambda one: one.after(168 * hours, 192 * hours)),
        "week_1": (last, lambda one: one.on("core", *week)),
        "week_1_rolling": (today, lambda one: one.on("core", day + 7 * DAY, day + 13 * DAY)),
        "week_4": (four, lambda one: one.on("core", *week)),
        "week_4_rolling": (today, lambda one: one.on("core", day + 22 * DAY, day + 28 * DAY)),
    }
    end = datetime.combine(as_of + DAY, datetime.min.time()) - plan.products()[product].offset
    row: dict[str, object] = {
        "registered_same_day": len(today),
        "registered_day_before": len(yesterday),
        "registered_seven_days_before": len(week_ago),
        "registered_one_week_before": len(last),
        "registered_four_weeks_before": len(four),
        "is_mature_day_1_rolling_24h": all(one.at + 48 * hours <= end for one in yesterday),
        "is_mature_day_7_rolling_24h": all(one.at + 192 * hours <= end for one in week_ago),
        "is_mature_week_1_rolling": day + 13 * DAY <= as_of,
        "is_mature_week_4_rolling": day + 28 * DAY <= as_of,
    }
    for name, (cohort, comes_back) in metrics.items():
        back = sum(map(comes_back, cohort))
        row |= {f"retained_{name}": back, f"retention_{name}": back / len(cohort) if cohort else None}
    return row


def _by(everyone: list[Member], key) -> dict:
    found = defaultdict(list)
    for member in everyone:
        found[key(member)].append(member)
    return found
