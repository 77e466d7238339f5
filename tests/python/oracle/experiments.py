"""Variants of prompt templates: what they did in the window, without people who were seen in two (S0-48, S0-49, O-09)."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

import pandas as pd

from oracle import plan
from oracle.events import days_of
from oracle.money import payments
from oracle.templates import converted, ratio

WINNER = "WINNER"


def experiments(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per template, variant and day."""
    mine = events[(events["product"] == "prompts") & events.is_analyzable & (events.day <= as_of)]
    mine = mine[~mine.is_version & mine.template.notna() & mine.variant.notna()]
    moved = payments(events, as_of)
    moved = moved[moved["product"].eq("prompts") & moved.kind.eq("payment")]
    money = defaultdict(list)
    for row in moved.itertuples():
        minor = None if pd.isna(row.minor) else int(row.minor)
        amount = converted(minor, row.currency, row.day)
        money[row.template, row.variant].append((row.day, row.person, amount))
    window = timedelta(days=plan.setting("experiment_window_days"))
    found = []
    for template, of_template in mine.groupby("template"):
        tellings = list(of_template.itertuples())
        second = _second_variants(tellings)
        variants = sorted(set(of_template.variant))
        for day in days_of(events, "prompts", as_of):
            now = [event for event in tellings if day - window < event.day <= day]
            lost = {person for person, since in second.items() if since <= day}
            compared = {event.user for event in now if event.variant != WINNER} - {None}
            rows = []
            for variant in variants:
                out = lost if variant != WINNER else set()
                row = {"prompt_template_id": template, "variant_label": variant, "date_day": day}
                row |= _variant(
                    [event for event in now if event.variant == variant and event.user not in out],
                    [
                        cents
                        for when, person, cents in money[template, variant]
                        if day - window < when <= day and person not in out
                    ],
                    _first_exposures(tellings, variant),
                    day - window,
                )
                rows.append(row | {"is_compared": variant != WINNER})
            found += _judged(rows, len(compared), len(compared & lost))
    return pd.DataFrame(found)


def _second_variants(tellings: list) -> dict[str, date]:
    """Person → the day on which a second variant was first seen."""
    seen, found = defaultdict(dict), {}
    for event in sorted(tellings, key=lambda event: event.day):
        if event.user is not None and event.variant != WINNER:
            seen[event.user].setdefault(event.variant, event.day)
    for person, first_days in seen.items():
        if len(first_days) > 1:
            found[person] = sorted(first_days.values())[1]
    return found


def _first_exposures(tellings: list, variant: str) -> dict[str, date]:
    found = {}
    for event in tellings:
        if event.canonical == "variant_exposed" and event.variant == variant and event.user is not None:
            found[event.user] = min(found.get(event.user, event.day), event.day)
    return found


def _variant(told: list, money: list[int | None], first_exposures: dict[str, date], before: date) -> dict:
    kinds = [event.canonical for event in told]
    executions, successes = kinds.count("generation_started"), kinds.count("generation_succeeded")
    paid = {
        event.user
        for event in told
        if event.canonical == "payment" or (event.minor is not None and event.minor > 0)
    }
    return {
        "exposures": kinds.count("variant_exposed"),
        "exposed_people": len(
            {
                event.user
                for event in told
                if event.canonical == "variant_exposed"
                and event.user is not None
                and first_exposures[event.user] > before
            }
        ),
        "executions": executions,
        "successes": successes,
        "people": len({event.user for event in told if event.canonical == "generation_started"} - {None}),
        "paid_people": len(paid - {None}),
        "revenue_minor": sum(cents for cents in money if cents is not None),
        "unpriced_payments": money.count(None),
        "success_rate": ratio(successes, executions),
    }


def _judged(rows: list[dict], seen: int, contaminated: int) -> list[dict]:
    running = [row for row in rows if row["is_compared"] and row["exposures"] + row["executions"]]
    enough = [
        row
        for row in running
        if row["executions"] >= plan.setting("experiment_min_executions")
        and row["paid_people"] >= plan.setting("experiment_min_paid_users")
    ]
    shared = {
        "seen_people": seen,
        "contaminated_people": contaminated,
        "running_variants": len(running),
        "is_experiment_sufficient": bool(enough),
        "is_experiment_sufficient_all": bool(running) and len(enough) == len(running),
        "is_contamination_alarm": contaminated > plan.setting("experiment_contamination_share") * seen,
    }
    return [row | shared | {"is_variant_sufficient": row in enough} for row in rows]
