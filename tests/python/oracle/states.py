"""States of people: when each was entered, who went on to which other, how purchases were kept and lost."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import NamedTuple

import pandas as pd

from oracle import plan
from oracle.events import days_of
from oracle.money import payments
from oracle.registrations import ORDER
from oracle.subscriptions import Period, periods

PAIR = ["product", "from_state", "to_state", "cohort_grain", "cohort_date", "campaign_id"]


class Entry(NamedTuple):
    """A person's entry into a state; entries of one moment stand in their order in the person's list."""

    number: int
    at: datetime
    day: date
    way: str
    campaign: str


def ways(product: str) -> list[plan.Row]:
    return [row for row in plan.rows("plan_funnel_states") if row["product"] == product]


def states(product: str) -> dict[int, tuple[str, timedelta]]:
    """Number of a state → its name, and the time within which to reach it."""
    return {
        int(row["state_number"]): (row["state"], timedelta(days=plan.setting(row["window_setting"])))
        for row in ways(product)
    }


def products() -> list[str]:
    return list(dict.fromkeys(row["product"] for row in plan.rows("plan_funnel_states")))


def first_campaigns(events: pd.DataFrame, as_of: date) -> dict[tuple[str, str], tuple[datetime, str]]:
    """(product, person) → when the first campaign was named, and which."""
    known = events[
        events.is_analyzable & (events.day <= as_of) & events.campaign.notna() & events.person.notna()
    ]
    found: dict[tuple[str, str], tuple[datetime, str]] = {}
    for event in known.sort_values(ORDER, kind="stable").itertuples():
        found.setdefault((event.product, event.person), (event.occurred_at, event.campaign))
    return found


def campaign_at(at: datetime, first: tuple[datetime, str] | None) -> str:
    return first[1] if first is not None and first[0] <= at else "none"


def journeys(events: pd.DataFrame, as_of: date) -> dict[tuple[str, str], list[Entry]]:
    """(product, person) → the person's entries in order: of every state the first, of retention every one."""
    known = events[events.is_analyzable & (events.day <= as_of) & events.person.notna()]
    campaigns = first_campaigns(events, as_of)
    paid = payments(events, as_of)
    above_zero = set(paid[paid.kind.eq("payment") & paid.is_above_zero].position)
    subscribed = defaultdict(list)
    for period in periods(events, as_of):
        subscribed[period.product, period.holder].append(period)
    found = {}
    for product in products():
        for person, mine in (
            known[known["product"] == product].sort_values(ORDER, kind="stable").groupby("person")
        ):
            happened = list(mine.itertuples())
            told = _firsts(product, happened, above_zero)
            told += _retention(product, happened, above_zero, subscribed[product, person], as_of)
            told.sort(key=lambda one: (one[1], one[0], one[2]))
            first = campaigns.get((product, person))
            offset = plan.products()[product].offset
            found[product, person] = [
                Entry(number, at, (at + offset).date(), way, campaign_at(at, first))
                for _, at, number, way in told
            ]
    return {key: entries for key, entries in found.items() if entries}


def _means(row: plan.Row, event) -> bool:
    return event.event_name == row["event_name"] or bool(
        row["canonical_event"] and event.canonical == row["canonical_event"]
    )


def _firsts(product: str, happened: list, above_zero: set[int]) -> list[tuple[int, datetime, int, str]]:
    """(place among the events, time, state, way) of the first entry into each state that an event enters."""
    found: dict[int, tuple[int, datetime, int, str]] = {}
    for place, event in enumerate(happened, 1):
        for row in ways(product):
            number, way = int(row["state_number"]), row["entered_by"]
            enters = {
                "event": True,
                "campaign_event": event.campaign is not None,
                "payment": event.Index in above_zero,
            }.get(way, False)
            if enters and _means(row, event):
                found.setdefault(number, (place, event.occurred_at, number, way))
    return list(found.values())


def _retention(
    product: str, happened: list, above_zero: set[int], subscribed: list[Period], as_of: date
) -> list[tuple[int, datetime, int, str]]:
    """The same of retained and churned, from the first payment on; a lapse comes before what happens at its moment."""
    rows = {row["entered_by"]: row for row in ways(product)}
    patience = timedelta(days=plan.setting("churn_days"))
    offset = plan.products()[product].offset
    end = datetime.combine(as_of + timedelta(days=1), datetime.min.time()) - offset
    found: list[tuple[int, datetime, int, str]] = []
    state = turned = alive = None

    def turn(place: int, at: datetime, way: str) -> None:
        nonlocal state
        if state != (number := int(rows[way]["state_number"])):
            state = number
            found.append((place, at, number, way))

    def lapse(until: datetime) -> None:
        nonlocal alive, turned
        if alive is not None and alive + patience <= until and alive + patience < end:
            turned = (alive + patience + offset).date()
            turn(0, alive + patience, "lapse")
            alive = None

    for place, event in enumerate(happened, 1):
        if turned is None:
            if "payment" in rows and event.Index in above_zero and _means(rows["payment"], event):
                state, turned, alive = int(rows["payment"]["state_number"]), event.day, event.occurred_at
            continue
        lapse(event.occurred_at)
        if _means(rows["renewal"], event):
            turn(place, event.occurred_at, "renewal")
            alive = event.occurred_at
        if _means(rows["later_job"], event):
            if event.day > turned:
                turn(place, event.occurred_at, "later_job")
            alive = event.occurred_at
        if _means(rows["cancellation"], event) and not any(period.covers(event.day) for period in subscribed):
            turned = event.day
            turn(place, event.occurred_at, "cancellation")
    if turned is not None:
        lapse(end)
    return found


def funnel_states(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per product, person and state: when first reached."""
    known = events[events.is_analyzable & (events.day <= as_of) & events.person.notna()]
    attempts: dict[tuple, datetime] = {}
    for event in known.itertuples():
        for row in ways(event.product):
            if row["entered_by"] == "attempt" and _means(row, event):
                key = event.product, event.person, int(row["state_number"])
                attempts[key] = min(attempts.get(key, event.occurred_at), event.occurred_at)
    found = []
    for (product, person), entries in journeys(events, as_of).items():
        for entry in _first_entries(entries):
            found.append({
                "product": product, "person_key": person, "state": states(product)[entry.number][0],
                "first_reached_at": entry.at, "attempted_at": attempts.get((product, person, entry.number), pd.NaT),
                "date_day": entry.day, "entered_by": entry.way,
                "campaign_id": entry.campaign, "is_imputed": int(entry.way == "campaign_event"),
            })  # fmt: skip
    return pd.DataFrame(found)


def retention_intervals(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per person and stretch in one state, from the purchase on."""
    found = []
    for (product, person), entries in journeys(events, as_of).items():
        mine = [
            one for one in entries if one.way in ("payment", "renewal", "later_job", "cancellation", "lapse")
        ]
        for place, (one, after) in enumerate(zip(mine, [*mine, None][1:], strict=True) if mine else ()):
            found.append({
                "product": product, "person_key": person, "place": place, "state": states(product)[one.number][0],
                "entered_by": one.way, "from_at": one.at,
                "to_at": pd.NaT if after is None else after.at,
            })  # fmt: skip
    return pd.DataFrame(found)


def _first_entries(entries: list[Entry]) -> list[Entry]:
    return list({entry.number: entry for entry in reversed(entries)}.values())


def _in_window(entry: Entry, ends: datetime) -> bool:
    """Before the end; that nobody came in the whole window is known at its end."""
    return entry.at < ends or (entry.way == "lapse" and entry.at == ends)


def _cohort(day: date, grain: str) -> date:
    return day if grain == "day" else day - timedelta(days=day.weekday())


def funnel_transitions(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per pair of states, cohort and campaign."""
    counts: dict[tuple, list[int]] = defaultdict(lambda: [0, 0, 0])
    for (product, _), entries in journeys(events, as_of).items():
        for came in _first_entries(entries):
            after = entries[entries.index(came) + 1 :]
            for number, (state, window) in states(product).items():
                if number == came.number:
                    continue
                ends = came.at + window
                ordered = any(one.number == number and _in_window(one, ends) for one in after)
                ever = any(one.number == number and _in_window(one, ends) for one in entries)
                for grain in ("day", "week"):
                    if grain == "day" and number - came.number not in (1, 2):
                        continue
                    for campaign in ("all", came.campaign):
                        cell = counts[
                            product,
                            states(product)[came.number][0],
                            state,
                            grain,
                            _cohort(came.day, grain),
                            campaign,
                        ]
                        cell[0], cell[1], cell[2] = cell[0] + 1, cell[1] + ordered, cell[2] + ever
    z = plan.setting("interval_z")
    found = []
    for key, (people, ordered, ever) in counts.items():
        product, _, to_state, grain, cohort, _ = key
        window = dict(states(product).values())[to_state]
        is_mature = cohort + timedelta(days=0 if grain == "day" else 6) + window <= as_of
        row = dict(zip(PAIR, key, strict=True)) | {
            "from_people": people, "to_people": ordered, "to_people_any_order": ever, "is_mature": int(is_mature),
        }  # fmt: skip
        low, high = _wilson(ordered, people, z)
        rates = {
            "transition_rate": ordered / people, "transition_rate_any_order": ever / people,
            "wilson_low": low, "wilson_high": high,
            "beta_alpha": plan.setting("beta_prior_alpha") + ordered,
            "beta_beta": plan.setting("beta_prior_beta") + people - ordered,
        }  # fmt: skip
        found.append(row | (rates if is_mature else dict.fromkeys(rates)))
    return pd.DataFrame(found)


def _wilson(successes: int, people: int, z: float) -> tuple[float, float]:
    """The rates p with |successes / people - p| = z * sqrt(p * (1 - p) / people): both roots of the quadratic."""
    seen = successes / people
    a, b, c = 1 + z * z / people, -(2 * seen + z * z / people), seen * seen
    root = max(0.0, b * b - 4 * a * c) ** 0.5
    return (-b - root) / (2 * a), (-b + root) / (2 * a)


def funnel_matrix(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per week, state entered first in it and where people went next, nobody included."""
    counts: dict[tuple, int] = defaultdict(int)
    for (product, _), entries in journeys(events, as_of).items():
        numbered = states(product)
        end = (
            datetime.combine(as_of + timedelta(days=1), datetime.min.time()) - plan.products()[product].offset
        )
        for came in _first_entries(entries):
            window = numbered.get(came.number + 1, numbered[came.number])[1]
            after = entries[entries.index(came) + 1 :]
            if after and _in_window(after[0], came.at + window):
                went = numbered[after[0].number][0]
            else:
                went = "stay" if came.at + window <= end else "censored"
            counts[product, _cohort(came.day, "week"), numbered[came.number][0], went] += 1
    found = []
    for product, cohort, state in {key[:3] for key in counts}:
        ends = [name for name, _ in states(product).values() if name != state] + ["stay", "censored"]
        people = {name: counts.get((product, cohort, state, name), 0) for name in ends}
        for name in ends:
            found.append({
                "product": product, "cohort_date": cohort, "from_state": state, "to_state": name,
                "people": people[name], "entrants": sum(people.values()),
                "probability": people[name] / sum(people.values()),
            })  # fmt: skip
    return pd.DataFrame(found)


def transition_rates(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """Tidy rows of one state after the one before it, of all and of each campaign."""
    pairs = funnel_transitions(events, as_of)
    pairs = pairs[pairs.cohort_grain == "day"].set_index(PAIR)[["from_people", "to_people"]].to_dict("index")
    found = []
    for product in products():
        numbered = states(product)
        for number in sorted(numbered)[1:]:
            state, window = numbered[number]
            before = numbered[number - 1][0]
            seen = {key[5] for key in pairs if key[:3] == (product, before, state)}
            for day in days_of(events, product, as_of):
                for campaign in {"all"} | seen:
                    cell = pairs.get((product, before, state, "day", day, campaign))
                    above, below = (cell["to_people"], cell["from_people"]) if cell else (0, 0)
                    found.append({
                        "metric_key": f"p_s{number}_given_s{number - 1}", "product": product, "date_day": day,
                        "segment": "all" if campaign == "all" else "campaign_id", "segment_value": campaign,
                        "numerator": above, "denominator": below, "value": above / below if below else None,
                        "is_mature": day + window <= as_of,
                    })  # fmt: skip
    rates = pd.DataFrame(found)
    registered = {
        (row["metric_key"], row["product"]) for row in plan.rows("plan_metrics") if row["status"] == "built"
    }
    return rates[[key in registered for key in zip(rates.metric_key, rates["product"], strict=True)]]
