"""Who stopped, and how many had one event per how many had another."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

import pandas as pd

from oracle import plan
from oracle.events import days_of
from oracle.milestones import milestones
from oracle.people import active_by_day
from oracle.subscriptions import periods


def activity_churn(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per product and day: people active long enough ago, and those of them not active since."""
    counted = events[events.is_analyzable & (events.day <= as_of)]
    lapse = timedelta(days=int(plan.setting("churn_days")))
    found = []
    for product in plan.products():
        days_active = defaultdict(list)
        for day, people in active_by_day(counted[counted["product"] == product]).items():
            for person in people:
                days_active[person].append(day)
        for day in days_of(events, product, as_of):
            ever = lapsed = base = base_lapsed = 0
            for active in days_active.values():
                past = [one for one in active if one <= day]
                if not past or min(past) > day - lapse:
                    continue
                is_gone = max(past) <= day - lapse
                in_base = any(day - 2 * lapse < one <= day - lapse for one in past)
                ever, lapsed = ever + 1, lapsed + is_gone
                base, base_lapsed = base + in_base, base_lapsed + (in_base and is_gone)
            found.append(
                {
                    "product": product,
                    "date_day": day,
                    "ever_active_people": ever,
                    "lapsed_people": lapsed,
                    "base_people": base,
                    "base_lapsed_people": base_lapsed,
                    "churn_rate_30d": lapsed / ever if ever else None,
                    "churn_rate_30d_active_base": base_lapsed / base if base else None,
                }
            )
    return pd.DataFrame(found)


def event_ratios(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per ratio of the plan, product and day: distinct actors of either event in the window."""
    counted = events[events.is_analyzable & (events.day <= as_of)]
    found = []
    for ratio in plan.rows("plan_event_ratios"):
        mine = counted[counted["product"] == ratio["product"]]
        person = mine.user.where(mine.user.notna(), mine.anonymous)
        actor = person if ratio["counts"] == "person_key" else mine.anonymous
        window = timedelta(days=int(ratio["window_days"]))
        for day in days_of(events, ratio["product"], as_of):
            in_window = (mine.day > day - window) & (mine.day <= day)
            above = actor[in_window & (mine.event_name == ratio["numerator_event"])].nunique()
            below = actor[in_window & (mine.event_name == ratio["denominator_event"])].nunique()
            found.append(
                {
                    "metric_key": ratio["metric_key"],
                    "product": ratio["product"],
                    "date_day": day,
                    "numerator": above,
                    "denominator": below,
                    "event_ratio": above / below if below else None,
                }
            )
    return pd.DataFrame(found)


def first_lapses(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per product and person: days observed since the first activity, and whether they end in a lapse."""
    counted = events[events.is_analyzable & (events.day <= as_of)]
    lapse = timedelta(days=int(plan.setting("churn_days")))
    found = []
    for product in plan.products():
        days_active = defaultdict(list)
        for day, people in active_by_day(counted[counted["product"] == product]).items():
            for person in people:
                days_active[person].append(day)
        for person, active in days_active.items():
            active = sorted(active)
            lapses = [
                one + lapse
                for one, following in zip(active, [*active[1:], date.max], strict=True)
                if following > one + lapse and one + lapse <= as_of
            ]
            last = lapses[0] if lapses else as_of
            found.append(
                {
                    "product": product,
                    "person": person,
                    "first_date": active[0],
                    "days": (last - active[0]).days,
                    "is_lapsed": bool(lapses),
                }
            )
    return pd.DataFrame(found)


def credit_pack_churn(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per product and day: buyers of credit packs, those who stay away, and those who stay away or do nothing."""
    reached = milestones(events, as_of)
    bought = reached[reached.milestone == "credit_pack_bought"]
    horizons = {
        "30d": "credit_pack_churn_days",
        "60d": "credit_pack_churn_days_60",
        "90d": "credit_pack_churn_days_90",
    }
    paying = [one for one in periods(events, as_of) if one.is_paying and not one.is_same_day]
    idle_after = timedelta(days=plan.setting("churn_days"))
    found = []
    for product in {
        row["product"] for row in plan.rows("plan_milestones") if row["milestone"] == "credit_pack_bought"
    }:
        mine = events[(events["product"] == product) & events.is_analyzable & (events.day <= as_of)]
        visits = mine[mine.is_visit].groupby("person").day.agg(set).to_dict()
        jobs = defaultdict(set)
        for day, people in active_by_day(mine).items():
            for person in people:
                jobs[person].add(day)
        buyers = bought[bought["product"] == product].set_index("person_key").day.to_dict()
        for day in days_of(events, product, as_of):
            row = {"product": product, "date_day": day}
            subscribers = {one.customer for one in paying if one.product == product and one.covers(day)}

            def is_in(days: set, window: timedelta, last: date = day) -> bool:
                return any(last - window < one <= last for one in days)

            for horizon, setting in horizons.items():
                window = timedelta(days=plan.setting(setting))
                mature = [who for who, on in buyers.items() if on <= day - window and who not in subscribers]
                away = [who for who in mature if not is_in(visits.get(who, set()), window)]
                idle = [who for who in mature if not is_in(jobs[who], idle_after)]
                row |= {
                    f"buyers_{horizon}": len(mature),
                    f"away_buyers_{horizon}": len(away),
                    f"away_or_idle_buyers_{horizon}": len({*away, *idle}),
                    f"credit_pack_churn_{horizon}": len(away) / len(mature) if mature else None,
                    f"credit_pack_churn_{horizon}_or_idle": len({*away, *idle}) / len(mature)
                    if mature
                    else None,
                }
            found.append(row)
    return pd.DataFrame(found)
