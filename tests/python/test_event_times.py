"""When an event happened and on which local day: the UTC+8 cut, all ways to write a time, impossible times (X-02, X-04, X-17, S1-37)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from drops import ARRIVAL, EVENTS, Built, Drop, line, workshop

LANDING, USERS = "landing/events", "app/users"
MARCH_1, MARCH_2 = date(2026, 3, 1), date(2026, 3, 2)

# how a time is written → its UTC, the local day, the finding that it brings
WRITTEN = {
    "2026-03-01T15:59:59Z": ("2026-03-01 15:59:59", MARCH_1, None),
    "2026-03-01T15:59:59.999999Z": ("2026-03-01 15:59:59.999999", MARCH_1, None),
    "2026-03-01T16:00:00Z": ("2026-03-01 16:00:00", MARCH_2, None),
    "2026-03-01 16:00:00Z": ("2026-03-01 16:00:00", MARCH_2, None),
    "2026-03-01T16:00Z": ("2026-03-01 16:00:00", MARCH_2, None),
    "2026-03-01T23:59:59+08:00": ("2026-03-01 15:59:59", MARCH_1, None),
    "2026-03-02T00:00:00+08:00": ("2026-03-01 16:00:00", MARCH_2, None),
    "2026-03-02T00:00:00+0800": ("2026-03-01 16:00:00", MARCH_2, None),
    "2026-03-02T00:00:00+08": ("2026-03-01 16:00:00", MARCH_2, None),
    "2026-03-01T10:30:00-05:30": ("2026-03-01 16:00:00", MARCH_2, None),
    "2026-03-01T15:59:59": ("2026-03-01 15:59:59", MARCH_1, "tz_assumed"),
    "2026-03-01 16:00:00.5": ("2026-03-01 16:00:00.5", MARCH_2, "tz_assumed"),
    "2026-03-02": ("2026-03-01 16:00:00", MARCH_2, None),
    1772380799: ("2026-03-01 15:59:59", MARCH_1, None),
    1772380800: ("2026-03-01 16:00:00", MARCH_2, None),
    1772380799.75: ("2026-03-01 15:59:59.75", MARCH_1, None),
    1772380799999: ("2026-03-01 15:59:59.999", MARCH_1, None),
    1772380800000: ("2026-03-01 16:00:00", MARCH_2, None),
    1772380800000001: ("2026-03-01 16:00:00.000001", MARCH_2, None),
    "1772380800": ("2026-03-01 16:00:00", MARCH_2, None),
}

# a time, on which stream → is it possible? Lines arrive at 2026-03-10 23:59:59.999999 UTC.
POSSIBLE = {
    (LANDING, "2014-12-31T15:59:59Z"): False,  # the floor is the local midnight of 2015-01-01
    (LANDING, "2014-12-31T16:00:00Z"): True,
    (LANDING, "2014-12-31"): False,
    (LANDING, "2015-01-01"): True,
    (USERS, "1989-12-31"): False,  # the app has order logs of the nineties
    (USERS, "1990-01-01"): True,
    (LANDING, "2026-03-11T00:09:59.999999Z"): True,  # ten minutes after arrival
    (LANDING, "2026-03-11T00:10:00Z"): False,
    (LANDING, 0): False,
    (LANDING, 99999999999): False,
    (LANDING, "2026-03-01T24:00:00Z"): False,
    (LANDING, "2026-03-01T12:00:00 UTC+8"): False,
    (LANDING, "01/03/2026"): False,
    (LANDING, "20260301"): False,
    (LANDING, "9999-12-31"): False,
}

ON_THE_WAY = {5: True, 15: False}  # minutes ahead of landing, where the path names no day → possible?


@pytest.fixture(scope="module")
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def built(now: datetime) -> Built:
    drop = Drop()
    for number, text in enumerate(WRITTEN):
        drop.add(LANDING, line(LANDING, "cta_click", event_time=text), name=f"written-{number}.jsonl")
    for number, (stream, text) in enumerate(POSSIBLE):
        sent = (
            line(USERS, registration_date=text)
            if stream == USERS
            else line(LANDING, "cta_click", event_time=text)
        )
        drop.add(stream, sent, name=f"possible-{number}.jsonl")
    for minutes in ON_THE_WAY:
        sent = line(LANDING, "cta_click", event_time=(now + timedelta(minutes=minutes)).isoformat())
        drop.add(LANDING, sent, arrived=None, name=f"ahead-{minutes}.jsonl")
    return workshop().build(drop, EVENTS)


@pytest.fixture(scope="module")
def found(built: Built) -> dict[str, tuple]:
    """Source file → (occurred_at, event_date, received_at, reason)."""
    rows = built.rows(
        """
        select parse_filename(landed.source_file), occurred_at, event_date, landed.received_at, statuses.reason
        from staging.landed_lines as landed
        inner join normalized.line_status as statuses using (product, stream, file_sha256, line_no)
        left join normalized.events as events using (product, stream, file_sha256, line_no)
        """
    )
    return {name: tuple(values) for name, *values in rows}


@pytest.mark.parametrize("text", WRITTEN)
def test_the_moment_and_the_local_day(text: str | int | float, built: Built, found: dict[str, tuple]) -> None:
    name = f"written-{list(WRITTEN).index(text)}.jsonl"
    moment, day, finding = WRITTEN[text]
    assert found[name][:2] == (datetime.fromisoformat(moment), day)
    findings = built.rows(
        f"""
        select rule, severity from normalized.event_violations
        inner join staging.landed_lines as landed using (product, stream, file_sha256, line_no)
        where parse_filename(landed.source_file) = '{name}'
        """
    )
    assert findings == ([(finding, "warn")] if finding else [])


@pytest.mark.parametrize(("stream", "text"), POSSIBLE)
def test_impossible_times_are_bad(stream: str, text: str | int, found: dict[str, tuple]) -> None:
    name = f"possible-{list(POSSIBLE).index((stream, text))}.jsonl"
    assert found[name][3] == (None if POSSIBLE[stream, text] else "bad_time")


@pytest.mark.parametrize("minutes", ON_THE_WAY)
def test_without_a_day_in_its_path_a_line_arrives_when_it_lands(
    minutes: int, now: datetime, found: dict[str, tuple]
) -> None:
    _, _, received_at, reason = found[f"ahead-{minutes}.jsonl"]
    assert timedelta(0) <= received_at - now.replace(tzinfo=None) < timedelta(minutes=3)
    assert reason == (None if ON_THE_WAY[minutes] else "bad_time")


def test_a_day_in_the_path_ends_in_utc(found: dict[str, tuple]) -> None:
    assert found["written-0.jsonl"][2] == datetime.fromisoformat(f"{ARRIVAL} 23:59:59.999999")
