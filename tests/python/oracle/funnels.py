"""Funnels of the plan: who entered, which step each reached, and when."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pandas as pd

from oracle import plan
from oracle.events import days_of
from oracle.money import payments
from oracle.registrations import ORDER
from oracle.sessions import sessions
from oracle.states import campaign_at, first_campaigns

ACTORS = {"person_key": "person", "attempt": "person", "session_id": "session", "task_id": "task"}


def journeys(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per funnel and actor: local day of entry, channel, and when each step was reached (a list)."""
    known = events[events.is_analyzable & (events.day <= as_of)].sort_values(ORDER, kind="stable")
    channels = {
        key: list(mine.itertuples())
        for key, mine in sessions(events, as_of).groupby(["product", "person_key"])
    }
    campaigns = first_campaigns(events, as_of)
    paid = payments(events, as_of)
    above_zero = set(paid[paid.kind.eq("payment") & paid.is_above_zero].position)
    known = known.assign(is_money=known.index.isin(above_zero))
    found = []
    for funnel in plan.rows("plan_funnels"):
        steps = [row for row in plan.rows("plan_funnel_steps") if row["funnel_key"] == funnel["funnel_key"]]
        mine = known[known["product"] == funnel["product"]]
        for actor, of_actor in mine.groupby(ACTORS[funnel["actor"]]):
            told = list(of_actor.itertuples())
            for tried in _attempts(told, steps[0]) if funnel["actor"] == "attempt" else [told]:
                reached = _reached(tried, steps, funnel)
                if not reached:
                    continue
                channel, campaign = "unknown", "none"
                if ACTORS[funnel["actor"]] == "person":
                    campaign = campaign_at(reached[0].occurred_at, campaigns.get((funnel["product"], actor)))
                    for session in channels.get((funnel["product"], actor), ()):
                        if session.started_at <= reached[0].occurred_at <= session.ended_at:
                            channel = session.channel
                found.append({
                    "funnel_key": funnel["funnel_key"], "product": funnel["product"], "actor_key": actor,
                    "date_day": reached[0].day, "channel": channel, "campaign_id": campaign,
                    "reached": [event.occurred_at for event in reached],
                })  # fmt: skip
    return pd.DataFrame(found)


def _attempts(events: list, entry: plan.Row) -> list[list]:
    """A person's events from each entry up to the next one."""
    begins = [place for place, event in enumerate(events) if _is(event, entry)]
    return [events[begin:end] for begin, end in pairwise([*begins, len(events)])]


def _is(event, step: plan.Row) -> bool:
    means = event.event_name == step["event_name"] or (
        bool(step["canonical_event"]) and event.canonical == step["canonical_event"]
    )
    return means and (step["needs_money"] != "true" or event.is_money)


def _reached(events: list, steps: list[plan.Row], funnel: plan.Row) -> list:
    """The event with which an actor first reached each step, as far as it got."""

    def first(step: plan.Row, later_than: int) -> int | None:
        for place, event in enumerate(events[later_than + 1 :], later_than + 1):
            if _is(event, step):
                return place
        return None

    entry = first(steps[0], -1)
    if entry is None:
        return []
    ends = events[entry].occurred_at + timedelta(days=int(funnel["window_days"]))
    places = [entry]
    for step in steps[1:]:
        place = first(step, places[-1] if funnel["is_ordered"] == "true" else entry)
        if place is None or events[place].occurred_at >= ends:
            break
        places.append(place)
    return [events[place] for place in places]


def funnel_conversions(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per funnel, cohort and step."""
    told = journeys(events, as_of)
    windows = {row["funnel_key"]: int(row["window_days"]) for row in plan.rows("plan_funnels")}
    lengths = pd.Series([row["funnel_key"] for row in plan.rows("plan_funnel_steps")]).value_counts()
    found = []
    weeks = told.assign(date_day=[day - timedelta(days=day.weekday()) for day in told.date_day])
    for grain, days, cohorts in (("day", 1, told), ("week", 7, weeks)):
        sides = ({"channel": "all"}, {"campaign_id": "all"}, {"channel": "all", "campaign_id": "all"})
        for rows in (cohorts.assign(**side) for side in sides):
            by_cohort = rows.groupby(["funnel_key", "date_day", "channel", "campaign_id"])
            for (funnel, cohort, channel, campaign), mine in by_cohort:
                is_mature = cohort + timedelta(days=days - 1 + windows[funnel]) <= as_of
                for step in range(1, lengths[funnel] + 1):
                    times = [one for one in mine.reached if len(one) >= step]
                    before = sum(len(one) >= step - 1 for one in mine.reached) if step > 1 else None
                    waits = pd.Series([(one[step - 1] - one[step - 2]).total_seconds() for one in times])
                    found.append({
                        "funnel_key": funnel, "cohort_grain": grain, "cohort_date": cohort, "channel": channel,
                        "campaign_id": campaign, "step": step, "people": len(times), "previous_people": before, "entrants": len(mine),
                        "step_rate": len(times) / before if is_mature and before else None,
                        "overall_rate": len(times) / len(mine) if is_mature else None,
                        "median_sec": waits.quantile(0.5) if is_mature and step > 1 and len(waits) else None,
                        "p90_sec": waits.quantile(0.9) if is_mature and step > 1 and len(waits) else None,
                        "is_mature": int(is_mature),
                    })  # fmt: skip
    return pd.DataFrame(found)


def funnel_rates(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Tidy rows of the funnels that are metrics: those at the last step / those who entered."""
    told, found = journeys(events, as_of), []
    for funnel in plan.rows("plan_funnels"):
        if not funnel["metric_key"]:
            continue
        mine = told[told.funnel_key == funnel["funnel_key"]]
        steps = [row for row in plan.rows("plan_funnel_steps") if row["funnel_key"] == funnel["funnel_key"]]
        is_through = mine.reached.map(len) == len(steps)
        for campaign in ["all", *mine.campaign_id.unique()]:
            of_campaign = (mine.campaign_id == campaign) | (campaign == "all")
            for day in days_of(events, funnel["product"], as_of):
                came = of_campaign & (mine.date_day == day)
                above, below = int((came & is_through).sum()), int(came.sum())
                found.append({
                    "metric_key": funnel["metric_key"], "product": funnel["product"], "date_day": day,
                    "segment": "all" if campaign == "all" else "campaign_id", "segment_value": campaign,
                    "numerator": above, "denominator": below, "value": above / below if below else None,
                    "is_mature": day + timedelta(days=int(funnel["window_days"])) <= as_of,
                })  # fmt: skip
    return pd.DataFrame(found)
