"""Milestones of people: when each was reached, and the activation that is derived beside the one that was sent."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd

from oracle import plan
from oracle.events import days_of
from oracle.money import payments


def milestones(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per product, person and milestone reached up to the as-of day."""
    known = events[events.is_analyzable & (events.day <= as_of) & events.person.notna()]
    paid = payments(events, as_of)
    with_money = known.index.isin([
        row.position for row in paid.itertuples() if row.kind == "payment" and row.is_above_zero
    ])  # fmt: skip
    found: dict[tuple[str, str], dict[str, tuple]] = {}
    for product, milestone in dict.fromkeys((row["product"], row["milestone"]) for row in _plan()):
        parts = []
        for row in _plan():
            if (row["product"], row["milestone"]) == (product, milestone):
                is_meant = (
                    known.event_name == row["event_name"]
                    if row["event_name"]
                    else known.canonical == row["canonical_event"]
                )
                if row["needs_money"] == "true":
                    is_meant &= with_money
                mine = known[is_meant & (known["product"] == product)]
                parts.append(mine.groupby("person").occurred_at.min().to_dict())
        for person in set.intersection(*(set(part) for part in parts)):
            found.setdefault((product, person), {})[milestone] = max(part[person] for part in parts)
    rows = []
    for (product, person), reached in found.items():
        chain = {
            int(row["place"]): row["milestone"]
            for row in _plan()
            if row["product"] == product and row["place"]
        }
        places = {milestone: place for place, milestone in chain.items()}
        for milestone, at in reached.items():
            first = reached.get(chain[1])
            previous = reached.get(chain.get(places.get(milestone, 0) - 1, ""))
            rows.append(
                {
                    "product": product, "person_key": person, "milestone": milestone,
                    "day": (at + plan.products()[product].offset).date(),
                    "since_first_sec": None if first is None else (at - first).total_seconds(),
                    "since_previous_sec": None if previous is None else (at - previous).total_seconds(),
                    "reached_at": at,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def milestones_daily(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per product, milestone and day: how many, and how long they took."""
    by_day = dict(tuple(milestones(events, as_of).groupby(["product", "milestone", "day"])))
    found = []
    for product, milestone in dict.fromkeys((row["product"], row["milestone"]) for row in _plan()):
        for day in days_of(events, product, as_of):
            mine = by_day.get((product, milestone, day))
            row = {"product": product, "milestone": milestone, "date_day": day, "people": 0}
            for since in ("since_first", "since_previous"):
                seconds = (
                    pd.Series(dtype=float) if mine is None else mine[f"{since}_sec"].dropna().astype(float)
                )
                for name, fraction in (("median", 0.5), ("p90", 0.9)):
                    row[f"{since}_{name}_sec"] = seconds.quantile(fraction) if len(seconds) else None
            found.append(row | {"people": 0 if mine is None else len(mine)})
    return pd.DataFrame(found)


def activation_daily(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per product and day: derived and sent activations, and sign-ups of the day that activate in time."""
    reached = milestones(events, as_of)
    near = timedelta(seconds=plan.setting("activation_agreement_seconds"))
    window = timedelta(days=plan.setting("onboarding_window_days"))
    counts = (
        *("derived_people", "derived_only_people", "sent_only_people", "people_in_both", "agreed_people"),
        *("sign_ups", "cohort_activations_7d"),
    )
    found = []
    for product in dict.fromkeys(
        row["product"] for row in _plan() if row["milestone"] == "activated_as_sent"
    ):
        days = {day: dict.fromkeys(counts, 0) for day in days_of(events, product, as_of)}
        for _, mine in reached[reached["product"] == product].groupby("person_key"):
            at = dict(zip(mine.milestone, mine.reached_at, strict=True))
            day = dict(zip(mine.milestone, mine.day, strict=True))
            if "activated" in at:
                cell = days[day["activated"]]
                cell["derived_people"] += 1
                cell["people_in_both" if "activated_as_sent" in at else "derived_only_people"] += 1
                if "activated_as_sent" in at:
                    cell["agreed_people"] += abs(at["activated"] - at["activated_as_sent"]) < near
            elif "activated_as_sent" in at:
                days[day["activated_as_sent"]]["sent_only_people"] += 1
            if "signed_up" in at:
                cell = days[day["signed_up"]]
                cell["sign_ups"] += 1
                if "activated" in at:
                    cell["cohort_activations_7d"] += (
                        at["signed_up"] <= at["activated"] < at["signed_up"] + window
                    )
        for day, cell in days.items():
            found.append(
                {"product": product, "date_day": day, **cell}
                | {
                    "activation_rate_cohort_7d": cell["cohort_activations_7d"] / cell["sign_ups"]
                    if cell["sign_ups"]
                    else None,
                    "is_mature": int(day + window <= as_of),
                }
            )
    return pd.DataFrame(found)


def _plan() -> list[plan.Row]:
    return plan.rows("plan_milestones")
