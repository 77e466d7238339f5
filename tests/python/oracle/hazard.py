"""Weeks of people since their first activity, and in which of them they lapse."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd

from oracle import plan
from oracle.lapses import first_lapses
from oracle.registrations import ORDER

OUTCOMES = ("generation_succeeded", "generation_failed")
TELLING = (*OUTCOMES, "generation_started", "generation_refunded", "credits_changed")


def person_weeks(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per person and ended week since the first activity that begins before the first lapse."""
    window = timedelta(days=plan.setting("churn_days"))
    told = events[
        events.is_analyzable & (events.day <= as_of) & events.user.notna() & events.canonical.isin(TELLING)
    ]
    by_person = dict(tuple(told.sort_values(ORDER, kind="stable").groupby(["product", "user"])))
    measured = {
        row["product"] for row in plan.rows("plan_metrics") if row["metric_key"] == "job_success_rate"
    }
    found = []
    for person in first_lapses(events, as_of).itertuples():
        if person.product not in measured:
            continue
        mine = list(by_person[person.product, person.person].itertuples())
        lapsed = person.first_date + timedelta(days=person.days) if person.is_lapsed else None
        for number in range(((as_of - person.first_date).days + 1) // 7):
            start = person.first_date + timedelta(days=7 * number)
            if lapsed is not None and lapsed < start:
                break
            past = [one for one in mine if one.day < start]
            jobs = [one for one in past if one.canonical in OUTCOMES and one.day >= start - window]
            failed = [one for one in jobs if one.canonical == "generation_failed"]
            done = [one.day for one in jobs if one.canonical == "generation_succeeded"]
            times = [float(one.processing_ms) for one in jobs if one.processing_ms is not None]
            balances = [float(one.credits) for one in past if one.credits is not None]
            found.append(
                {
                    "product": person.product, "person_key": person.person, "week_number": number,
                    "jobs": len(jobs), "failure_rate": len(failed) / len(jobs) if jobs else None,
                    "processing_sec": sum(times) / len(times) / 1000 if times else None,
                    "days_since_last_job": (start - max(done)).days if done else None,
                    "credits_left": balances[-1] if balances else None, "support_tickets": None,
                    "is_lapsed": int(lapsed is not None and lapsed < start + timedelta(days=7)),
                }
            )  # fmt: skip
    return pd.DataFrame(found)


def churn_hazard(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per product, feature, band and week."""
    weeks = person_weeks(events, as_of)
    parts = [weeks.assign(feature="all", band="all")]
    for feature in dict.fromkeys(row["feature"] for row in plan.rows("plan_hazard_bands")):
        parts.append(weeks.assign(feature=feature, band=[_band(feature, value) for value in weeks[feature]]))
    by = pd.concat(parts).groupby(["product", "feature", "band", "week_number"]).is_lapsed
    found = by.agg(people_at_risk="size", lapsed_people="sum").reset_index()
    return found.assign(hazard_rate=found.lapsed_people / found.people_at_risk)


def _band(feature: str, value: float | None) -> str:
    if value is None or pd.isna(value):
        return "unknown"
    return next(
        row["band"]
        for row in plan.rows("plan_hazard_bands")
        if row["feature"] == feature
        and float(row["min_value"]) <= value
        and (not row["max_value"] or value < float(row["max_value"]))
    )
