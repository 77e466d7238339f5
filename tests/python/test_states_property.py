"""States on random lives: what must hold whatever people do (S4-17 .. S4-21, X-20, X-22)."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_chain import Chain, compiled

Rows = list[dict[str, Any]]

START = datetime(2026, 3, 1, 16)  # local midnight of Monday 2 March
DAY, MOMENT = timedelta(days=1), timedelta(microseconds=1)
OFFSET = timedelta(hours=8)
AS_OF = START + 44 * DAY

#: Entries, later the same day, and both sides of the ends of all windows: few, so that much happens at one time.
TIMES = [
    begin + after
    for begin in (timedelta(0), 10 * DAY)
    for after in (
        timedelta(0),
        timedelta(hours=1),
        DAY,
        7 * DAY - MOMENT,
        7 * DAY,
        30 * DAY - MOMENT,
        30 * DAY,
        31 * DAY,
    )
]

#: Seen, tried, got a result, paid; renews, cancels.
NAMES = "steprc"
PLAN = {
    "plan_events": [{"product": "p", "event_name": name, "canonical_event": None} for name in NAMES],
    "plan_funnel_states": [
        {
            "product": "p", "state_number": number, "state": state, "entered_by": way, "event_name": name,
            "canonical_event": None, "window_setting": f"funnel_{window}_window_days",
        }
        for number, state, way, name, window in (
            (0, "seen", "event", "s", "step"), (0, "seen", "campaign_event", "t", "step"), (1, "tried", "event", "t", "step"),
            (2, "done", "event", "e", "step"), (3, "paid", "payment", "p", "step"),
            (4, "kept", "renewal", "r", "retained"), (4, "kept", "renewal", "s", "retained"), (4, "kept", "later_job", "e", "retained"),
            (5, "lost", "cancellation", "c", "retained"), (5, "lost", "lapse", None, "retained"),
        )
    ],
}  # fmt: skip

moments = st.tuples(
    st.sampled_from("abc"),
    st.sampled_from(NAMES + "ppperrrccc"),
    st.sampled_from(TIMES),
    st.sampled_from([timedelta(0), timedelta(hours=1)]),  # later arrival
    st.sampled_from([None, "c1", "c2"]),
)
lives = st.lists(moments, min_size=1, max_size=30).map(
    lambda told: [event(number, *one) for number, one in enumerate(told)]
)
many_lives = settings(max_examples=25, deadline=None)


def event(
    number: int, person: str, name: str, after: timedelta, late: timedelta, campaign: str | None
) -> dict[str, Any]:
    at = START + after
    return {
        "event_key": f"e{number:02d}", "product": "p", "person_key": person, "occurred_at": at,
        "event_date": (at + OFFSET).date(), "received_at": at + late, "event_name": name, "canonical_event": None,
        "plan_order": NAMES.index(name), "campaign": campaign,
    }  # fmt: skip


@pytest.fixture(scope="module")
def chain() -> Chain:
    return compiled(
        *("plan_states", "state_events", "person_campaigns", "retention_intervals", "state_entries"),
        *("funnel_transitions", "funnel_matrix"),
    )


def run(chain: Chain, events: Rows, later: timedelta = timedelta(0)) -> dict[str, Rows]:
    """The states of these events; every third payment is nothing, every other one begins a subscription of 5 days."""
    paid = [row for row in events if row["event_name"] == "p"]
    nothing = {"event_key": "none", "product": "p", "event_date": START.date()}
    tables = PLAN | {
        "journey_events": events,
        "payments": [
            {"event_key": row["event_key"], "product": "p", "kind": "payment", "is_above_zero": number % 3 != 2}
            for number, row in enumerate([nothing, *paid])
        ],
        "subscription_periods": [
            {"event_key": row["event_key"], "start_date": row["event_date"], "end_date": row["event_date"] + 5 * DAY}
            for row in [nothing, *paid[::2]]
        ],
        "reporting_clock": [
            {
                "product": "p", "utc_offset_minutes": 480, "as_of_date": (AS_OF + OFFSET - DAY).date(),
                "as_of_end_at": AS_OF,
            }
        ],
    }  # fmt: skip
    return chain.run({name: moved(rows, later) for name, rows in tables.items()})


def moved(rows: Rows, later: timedelta) -> Rows:
    return [{k: v + later if isinstance(v, date) else v for k, v in row.items()} for row in rows]


def grouped(rows: Rows, *keys: str) -> list[Rows]:
    found = defaultdict(list)
    for row in rows:
        found[tuple(row[key] for key in keys)].append(row)
    return list(found.values())


@given(lives)
@many_lives
def test_a_transition_is_of_those_who_entered(chain: Chain, events: Rows) -> None:
    made = run(chain, events)
    for row in made["funnel_transitions"]:
        assert 0 <= row["to_people"] <= row["to_people_any_order"] <= row["from_people"]
        assert (row["transition_rate"] is not None) == row["is_mature"]
        if row["is_mature"]:
            assert 0 <= row["wilson_low"] <= row["transition_rate"] <= row["wilson_high"] <= 1
            assert row["transition_rate"] <= row["transition_rate_any_order"] <= 1
            assert row["beta_alpha"] + row["beta_beta"] == row["from_people"] + 2
    for rows in grouped(made["funnel_transitions"], "from_state", "to_state", "cohort_grain", "cohort_date"):
        [total] = [row for row in rows if row["campaign_id"] == "all"]
        for column in ("from_people", "to_people", "to_people_any_order"):
            assert total[column] == sum(row[column] for row in rows if row is not total)
    states, weeks = len(made["plan_states"]), grouped(made["funnel_matrix"], "cohort_date", "from_state")
    pairs = [
        row
        for row in made["funnel_transitions"]
        if (row["cohort_grain"], row["campaign_id"]) == ("week", "all")
    ]
    assert len(pairs) == len(weeks) * (states - 1)


@given(lives)
@many_lives
def test_rows_of_the_matrix_are_everybody_who_entered(chain: Chain, events: Rows) -> None:
    made = run(chain, events)
    entered = [row for row in made["state_entries"] if row["is_first"]]
    rows = grouped(made["funnel_matrix"], "cohort_date", "from_state")
    assert sum(row[0]["entrants"] for row in rows) == len(entered)
    for row in rows:
        assert sum(cell["people"] for cell in row) == row[0]["entrants"]
        assert sum(cell["probability"] for cell in row) == pytest.approx(1)
        assert {"stay", "censored"} < {cell["to_state"] for cell in row}


@given(lives)
@many_lives
def test_who_paid_is_in_one_state_at_every_moment(chain: Chain, events: Rows) -> None:
    made = run(chain, events)
    paid = {row["person_key"] for row in made["state_entries"] if row["state"] == "paid"}
    stretches = grouped(made["retention_intervals"], "person_key")
    assert {rows[0]["person_key"] for rows in stretches} == paid
    for rows in stretches:
        rows.sort(key=lambda row: (row["from_at"], row["event_number"]))
        assert [row["state"] for row in rows][:1] == ["paid"] and rows[-1]["to_at"] is None
        for one, after in pairwise(rows):
            assert (
                one["from_at"] <= one["to_at"] == after["from_at"] < AS_OF and one["state"] != after["state"]
            )


@given(lives, st.randoms(use_true_random=False))
@many_lives
def test_the_order_of_rows_changes_nothing(chain: Chain, events: Rows, random: Any) -> None:
    keys = {row["event_key"] for row in events if row["event_name"] == "p"}
    others = [row for row in events if row["event_key"] not in keys]
    # Payments keep their places: which of them is nothing is a matter of their order.
    shuffled = [row for row in events if row["event_key"] in keys] + random.sample(others, len(others))
    assert run(chain, shuffled) == run(chain, events)


@given(lives)
@many_lives
def test_what_one_does_changes_nobody_else(chain: Chain, events: Rows) -> None:
    alone = [row for row in events if row["person_key"] == "a" or row["event_name"] == "p"]
    if alone:
        one, all_of_them = (
            [row for row in run(chain, told)["state_entries"] if row["person_key"] == "a"]
            for told in (alone, events)
        )
        assert one == all_of_them


@given(lives, st.integers(1, 5))
@many_lives
def test_weeks_later_the_same_happens_weeks_later(chain: Chain, events: Rows, weeks: int) -> None:
    later = weeks * 7 * DAY
    made, then = run(chain, events), run(chain, events, later)
    for model in ("state_entries", "retention_intervals", "funnel_transitions", "funnel_matrix"):
        assert sorted(map(repr, moved(made[model], later))) == sorted(map(repr, then[model]))
