"""Funnels on random journeys: what must hold whatever people do (X-20, X-22)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_chain import Chain, compiled

Rows = list[dict[str, Any]]

START = datetime(2026, 3, 1, 16)  # local midnight of Monday 2 March
DAY, MOMENT = timedelta(days=1), timedelta(microseconds=1)
WINDOW_DAYS = 2
OFFSET = timedelta(hours=8)

#: Entries on two days, the ends of their windows, and the moments before: few, so that much happens at one time.
TIMES = [
    begin + after
    for begin in (timedelta(0), DAY - MOMENT)
    for after in (timedelta(0), timedelta(minutes=10), WINDOW_DAYS * DAY - MOMENT, WINDOW_DAYS * DAY)
]

FUNNELS = {
    "in_order": ("person_key", True, "xyz"),
    "any_order": ("person_key", False, "xyz"),
    "again": ("person_key", True, "xxy"),
    "by_session": ("session_id", True, "xz"),
    "attempts": ("attempt", True, "xyz"),
}

PLAN = {
    "plan_events": [{"product": "p", "event_name": name, "canonical_event": f"c{name}"} for name in "xyzw"],
    "plan_funnels": [
        {
            "funnel_key": key, "product": "p", "actor": actor, "window_days": WINDOW_DAYS, "is_ordered": in_order,
            "metric_key": None,
        }
        for key, (actor, in_order, _) in FUNNELS.items()
    ],
    "plan_funnel_steps": [
        {
            "funnel_key": key, "step": step, "description": name,
            "event_name": None if name == "y" else name, "canonical_event": "cy" if name == "y" else None,
            "needs_money": key == "in_order" and name == "z",
        }
        for key, (_, _, names) in FUNNELS.items() for step, name in enumerate(names, 1)
    ],
}  # fmt: skip

moments = st.tuples(
    st.sampled_from("abc"),
    st.sampled_from("xyzw"),
    st.sampled_from(TIMES),
    st.sampled_from([timedelta(0), timedelta(hours=1)]),  # later arrival
    st.sampled_from([None, "s1", "s2"]),
)
journeys = st.lists(moments, min_size=1, max_size=30).map(
    lambda told: [event(number, *one) for number, one in enumerate(told)]
)
many_journeys = settings(max_examples=25, deadline=None)


def event(
    number: int, person: str, name: str, after: timedelta, late: timedelta, session: str | None
) -> dict[str, Any]:
    at = START + after
    return {
        "event_key": f"e{number:02d}", "product": "p", "person_key": person, "task_id": None,
        "session_id": session and f"{person}-{session}", "occurred_at": at, "event_date": (at + OFFSET).date(),
        "received_at": at + late, "event_name": name, "canonical_event": f"c{name}",
        "plan_order": "xyzw".index(name),
    }  # fmt: skip


@pytest.fixture(scope="module")
def chain() -> Chain:
    return compiled("funnel_events", "funnel_journeys", "funnel_conversions")


def run(chain: Chain, events: Rows, later: timedelta = timedelta(0)) -> dict[str, Rows]:
    """The funnels of the events; a and c have a session on the first day, and the fourth day is the last.

    Everything happens `later` if so said.
    """
    as_of = (START + OFFSET + 3 * DAY).date()
    tables = PLAN | {
        "journey_events": events,
        "sessions": [
            {
                "product": "p",
                "person_key": person,
                "started_at": START,
                "ended_at": START + DAY,
                "channel": channel,
            }
            for person, channel in (("a", "Direct"), ("c", "Zhihu"))
        ],
        "reporting_clock": [{"product": "p", "as_of_date": as_of, "as_of_end_at": START + 4 * DAY}],
        # Every other payment is of nothing.
        "payments": [
            {
                "event_key": row["event_key"],
                "kind": "payment",
                "is_above_zero": row["event_key"][-1] in "02468",
            }
            for row in events
        ],
        "person_campaigns": [
            {"product": "p", "person_key": "b", "campaign_id": "c1", "known_at": START + DAY - MOMENT}
        ],
    }
    return chain.run({name: moved(rows, later) for name, rows in tables.items()})


def moved(rows: Iterable[dict[str, Any]], later: timedelta) -> Rows:
    return [{k: v + later if isinstance(v, date) else v for k, v in row.items()} for row in rows]


def of(rows: Rows, **wanted: Any) -> Rows:
    return [row for row in rows if all(row[key] == value for key, value in wanted.items())]


@given(journeys)
@many_journeys
def test_people_never_increase_along_a_funnel(chain: Chain, events: Rows) -> None:
    made = run(chain, events)["funnel_conversions"]
    assert {row["funnel_key"] for row in made} <= set(FUNNELS)
    for row in made:
        assert 0 <= row["people"] <= row["entrants"]
        assert row["previous_people"] is None if row["step"] == 1 else row["people"] <= row["previous_people"]
        for rate, base in (("overall_rate", row["entrants"]), ("step_rate", row["previous_people"])):
            assert (row[rate] is not None) == bool(row["is_mature"] and base)
            assert row[rate] is None or 0 <= row[rate] <= 1
        if row["channel"] == row["campaign_id"] == "all":
            keys = ("funnel_key", "cohort_grain", "cohort_date", "step")
            mine = of(made, **{key: row[key] for key in keys})
            for side in ("channel", "campaign_id"):
                assert row["people"] == sum(one["people"] for one in mine if one[side] != "all")


@given(journeys)
@many_journeys
def test_a_step_is_an_event_of_its_own_within_the_window(chain: Chain, events: Rows) -> None:
    for journey in run(chain, events)["funnel_journeys"]:
        actor, in_order, names = FUNNELS[journey["funnel_key"]]
        reached = [journey[f"at_{step}"] for step in range(1, len(names) + 1)]
        told = [at for at in reached if at is not None]
        assert reached[: len(told)] == told, "no step without those before it"
        assert all(journey["at_1"] <= at < journey["at_1"] + WINDOW_DAYS * DAY for at in told)
        assert not in_order or told == sorted(told)
        mine = (
            of(events, person_key=journey["actor_key"].split("/")[0])
            if actor == "attempt"
            else of(events, **{actor: journey["actor_key"]})
        )
        for name in set(names[: len(told)]):
            assert len(of(mine, event_name=name)) >= names[: len(told)].count(name)


@given(journeys)
@many_journeys
def test_every_entry_is_an_attempt_that_ends_with_the_next(chain: Chain, events: Rows) -> None:
    made = run(chain, events)["funnel_journeys"]
    for person in "abc":
        mine = [row for row in of(made, funnel_key="attempts") if row["actor_key"].startswith(f"{person}/")]
        begun = sorted(row["at_1"] for row in mine)
        entries = of(events, person_key=person, event_name="x")
        assert begun == sorted(row["occurred_at"] for row in entries)
        for row in mine:
            later = [at for at in begun if at > row["at_1"]]
            assert all(row[step] is None or row[step] <= min(later) for step in ("at_2", "at_3") if later)


@given(journeys)
@many_journeys
def test_in_any_order_people_come_as_far_as_in_order_and_as_soon(chain: Chain, events: Rows) -> None:
    made = run(chain, events)["funnel_journeys"]
    loose = {row["actor_key"]: row for row in of(made, funnel_key="any_order")}
    strict = of(made, funnel_key="in_order")
    assert {row["actor_key"] for row in strict} == set(loose)
    for row in strict:
        for step in ("at_1", "at_2", "at_3"):
            assert row[step] is None or loose[row["actor_key"]][step] <= row[step]


@given(journeys, st.randoms(use_true_random=False))
@many_journeys
def test_the_order_of_rows_changes_nothing(chain: Chain, events: Rows, random: Any) -> None:
    shuffled = random.sample(events, len(events))
    assert run(chain, shuffled) == run(chain, events)


@given(journeys)
@many_journeys
def test_what_one_does_changes_nobody_else(chain: Chain, events: Rows) -> None:
    others = [row for row in events if row["person_key"] != "a"]
    if others:
        assert run(chain, others)["funnel_journeys"] == [
            row for row in run(chain, events)["funnel_journeys"] if not row["actor_key"].startswith("a")
        ]


@given(journeys)
@many_journeys
def test_what_happens_from_the_window_s_end_on_changes_nothing(chain: Chain, events: Rows) -> None:
    entries = [row["occurred_at"] for row in of(events, event_name="x")]
    end = min(entries, default=START) + WINDOW_DAYS * DAY
    early = [row for row in events if row["occurred_at"] < end]
    if early:
        # Of those who entered first; others may have more time.
        before, after = (
            [row for row in run(chain, told)["funnel_journeys"] if row["at_1"] == min(entries)]
            for told in (early, events)
        )
        assert before == after


@given(journeys, st.integers(1, 40))
@many_journeys
def test_whole_days_later_the_same_happens_whole_days_later(chain: Chain, events: Rows, days: int) -> None:
    made, later = run(chain, events), run(chain, events, days * DAY)

    def same(model: str, belongs: Callable[[dict[str, Any]], bool] = lambda row: True) -> bool:
        expected = moved(filter(belongs, made[model]), days * DAY)
        return sorted(map(repr, expected)) == sorted(map(repr, filter(belongs, later[model])))

    assert same("funnel_events")
    assert same("funnel_journeys")
    assert same("funnel_conversions", lambda row: row["cohort_grain"] == "day" or days % 7 == 0)
