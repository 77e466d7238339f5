"""Whose the events of an anonymous id are: worked devices, links undone, order of lines, graph components.

X-07, X-08, S4-16. The oracle is compared on random drops in test_metrics_oracle.py, past days in test_as_of.py.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import networkx as nx
import pandas as pd
import pytest
from adversary import Adversary, as_drop
from adversary import Sent as AdversarySent
from drops import Built, Drop, line, workshop

# Device → what it sent, in order: hour of 1 January 2025 (UTC), user, event, and whose it is.
LOGIN, VIEW, LOGOUT = "login_success", "pricing_view", "logout"
Sent = tuple[float, str | None, str, str]
DEVICES: dict[str, list[Sent]] = {
    # All before the first log-in is the user's, and what follows without a user too.
    "own": [(1, None, VIEW, "ann"), (2, "ann", LOGIN, "ann"), (3, None, VIEW, "ann")],
    # A second device, and a third one on which the log-in comes three months after the first visit.
    "own_too": [(1, None, VIEW, "ann"), (9, "ann", LOGIN, "ann")],
    "own_late": [(1, None, VIEW, "ann"), (2160, "ann", LOGIN, "ann"), (2161, None, VIEW, "ann")],
    # Two users on one device: the time between them is that of the second, back to the last event of the first.
    "shared": [
        (1, None, VIEW, "ben"), (2, "ben", LOGIN, "ben"), (3, None, VIEW, "ben"), (4, "ben", VIEW, "ben"),
        (5, None, VIEW, "cat"), (6, "cat", LOGIN, "cat"), (7, None, VIEW, "cat"),
    ],
    # The first comes back without a log-in: from then on nobody has logged in.
    "returned": [
        (2, "dan", LOGIN, "dan"), (3, None, VIEW, "eve"), (4, "eve", LOGIN, "eve"), (5, None, VIEW, "eve"),
        (6, "dan", VIEW, "dan"), (7, None, VIEW, "returned"),
    ],
    # Before a log-in it reaches back to the log-out; after the last log-out nobody is there.
    "left": [
        (1, "fay", LOGIN, "fay"), (2, None, VIEW, "fay"), (3, None, LOGOUT, "gus"), (4, None, VIEW, "gus"),
        (5, "gus", LOGIN, "gus"), (6, "gus", LOGOUT, "gus"), (7, None, VIEW, "left"),
    ],
    # A user seen on the device without a log-in joins nothing, and a later log-in does not reach behind them.
    "seen": [(1, None, VIEW, "seen"), (2, "hal", VIEW, "hal"), (3, None, VIEW, "ida"), (4, "ida", LOGIN, "ida")],
    "never": [(1, None, VIEW, "never"), (2, None, LOGIN, "never"), (3, None, VIEW, "never")],
    # The id of a device is also a user's: that user's, unless a log-in says otherwise.
    "ann": [(1, None, VIEW, "ann")],
    "ben": [(1, None, VIEW, "jon"), (2, "jon", LOGIN, "jon"), (3, "ben", VIEW, "ben"), (4, None, VIEW, "ben")],
    # At one moment the users on the device come first: the event is whose it is from then on.
    "tied": [
        (1, "kim", LOGIN, "kim"), (2, "kim", VIEW, "kim"), (2, None, VIEW, "lea"), (3, "lea", LOGIN, "lea"),
        (3, None, VIEW, "lea"),
    ],
}  # fmt: skip
DAY = pd.Timestamp("2025-01-01")


def drop_of(devices: dict[str, list[Sent]]) -> Drop:
    drop = Drop()
    sent = {}
    for device, events in devices.items():
        for number, (hour, user, name, _) in enumerate(events):
            at = DAY + pd.Timedelta(hours=hour)
            record = line(
                "blanklogo/events", "login_success", event=name, timestamp=f"{at.isoformat()}Z",
                event_id=f"{device}/{number}", distinct_id=device, user_id=user,
            )  # fmt: skip
            sent.setdefault(at.date().isoformat(), []).append(record)
    for day, lines in sent.items():
        drop.add("blanklogo/events", *reversed(lines), arrived=day)
    return drop


def people(built: Built) -> dict[str, list[str]]:
    """Device → whose its events are, in the order in which they were sent."""
    rows = built.rows(
        "select split_part(event_id, '/', 1), person_key from normalized.events"
        " order by 1, cast(split_part(event_id, '/', 2) as integer)"
    )
    found: dict[str, list[str]] = {}
    for device, person in rows:
        found.setdefault(device, []).append(person)
    return found


@pytest.fixture(scope="module")
def worked() -> Built:
    return workshop().build(
        drop_of(DEVICES), ("+identity_daily",), ("person_links", "person_links_give_one_person")
    )


@pytest.mark.parametrize("device", DEVICES)
def test_worked_device(device: str, worked: Built) -> None:
    assert people(worked)[device] == [person for *_, person in DEVICES[device]]


def test_tests_on_links_pass(worked: Built) -> None:
    assert {status for name, status in worked.nodes.items() if "person_links" in name} == {"success", "pass"}


def test_each_link_says_why(worked: Built) -> None:
    said = worked.rows("select anonymous_id, user_id, why from normalized.person_links where anonymous_id in"
                       " ('shared', 'left', 'ben') order by 1, valid_from nulls first, 3")  # fmt: skip
    assert said == [
        ("ben", "jon", "first_login"), ("ben", "ben", "same_id"), ("left", "fay", "first_login"),
        ("left", "gus", "next_login"), ("shared", "ben", "first_login"), ("shared", "cat", "next_login"),
    ]  # fmt: skip


def test_how_a_person_is_known(worked: Built) -> None:
    kinds = worked.rows("select actor_kind, count(*) from normalized.events group by 1 order by 1")
    sent = [(user, person in DEVICES) for events in DEVICES.values() for _, user, _, person in events]
    assert dict(kinds) == {
        "user": sum(user is not None for user, _ in sent),
        "anonymous": sum(
            user is None and person == device and device not in ("ann", "ben")
            for device, events in DEVICES.items()
            for _, user, _, person in events
        ),
        "linked": sum(
            user is None and (person != device or device in ("ann", "ben"))
            for device, events in DEVICES.items()
            for _, user, _, person in events
        ),
    }


def test_a_wrong_link_goes_with_its_log_in() -> None:
    without = {**DEVICES, "shared": [event for event in DEVICES["shared"] if event[1:3] != ("cat", LOGIN)]}
    built = workshop().build(drop_of(without), ("+events",))
    assert people(built)["shared"] == ["ben"] * 6
    others = {device: whose for device, whose in people(built).items() if device != "shared"}
    assert others == {device: [event[3] for event in DEVICES[device]] for device in others}


@pytest.fixture(scope="module")
def random_devices() -> list[Built]:
    """The same lines in two orders, in other files: shared devices, and devices that nobody shares."""
    sent = [one for one in Adversary(7, people=400).sent if one.stream == "blanklogo/events"]
    random = Random(7)
    for device in range(60):
        user = f"private{random.randrange(25)}"
        for hour in sorted(random.sample(range(1000), random.randint(2, 6))):
            at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
            name = random.choice([VIEW, VIEW, LOGIN])
            record = line(
                "blanklogo/events", "login_success", event=name, timestamp=f"{at:%FT%TZ}",
                distinct_id=f"p{device}", user_id=user if name == LOGIN else random.choice([None, user]),
            )  # fmt: skip
            sent.append(AdversarySent("blanklogo/events", record, at.date(), at.date()))
    return [workshop().build(as_drop(sent, seed), ("+events",)) for seed in (1, 2)]


def test_the_order_of_lines_changes_nothing(random_devices: list[Built]) -> None:
    links, people = (
        [built.rows(f"select {columns} from normalized.{table} order by all") for built in random_devices]
        for table, columns in (
            ("person_links", "*"),
            ("events", "event_key, person_key, actor_kind, known_user_id"),
        )
    )
    assert links[0] == links[1] and people[0] == people[1]
    assert len(links[0]) > 100


def test_devices_that_nobody_shares_are_graph_components(random_devices: list[Built]) -> None:
    """Where nobody shares a device, people are the connected components of devices and the users that log in on them."""
    events = random_devices[0].frame(
        "select anonymous_id, user_id, person_key, canonical_event from normalized.events where anonymous_id like 'p%'"
    )
    graph = nx.Graph()
    graph.add_nodes_from(("device", device) for device in events.anonymous_id)
    for login in events[events.canonical_event == "login"].itertuples():
        graph.add_edge(("device", login.anonymous_id), ("user", login.user_id))
    unnamed = events[events.user_id.isna()]
    sizes = set()
    for component in nx.connected_components(graph):
        devices = {key for kind, key in component if kind == "device"}
        users = {key for kind, key in component if kind == "user"}
        sizes.add((len(devices), len(users)))
        mine = unnamed[unnamed.anonymous_id.isin(devices)]
        assert set(mine.person_key) <= (users or devices)
    assert {count for _, count in sizes} == {0, 1} and max(sizes)[0] > 2
