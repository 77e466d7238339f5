"""What was said before: same event, other version, corrected resend (X-05, S0-06, S2-21, decisions on duplicates)."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from drops import ABSENT, EVENTS, Built, Drop, Line, as_bytes, line, workshop

LANDING, PROMPTS, STORY = "landing/events", "prompts/events", "storyforge/events"
USERS, TRADES = "app/users", "app/trades"
KEPT, AGAIN, CONFLICT, OLDER = "accepted", "duplicate", "duplicate_conflict", "superseded"
FIRST, THEN, LAST = "2026-03-10", "2026-03-11", "2026-03-12"  # days of arrival

Copies = list[tuple[str, str, Line, str]]  # (stream, day of arrival, line, what becomes of it)


def respelled(record: dict[str, Any]) -> bytes:
    """The same content with its keys in another order and other blanks."""
    turned = {
        key: dict(reversed(value.items())) if isinstance(value, dict) else value
        for key, value in record.items()
    }
    return json.dumps(dict(reversed(turned.items())), indent=None, separators=(" ,  ", " : ")).encode()


def _same(record: dict[str, Any], properties: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A copy with changes; `properties` change what is in the container."""
    copy = record | changes
    container = next((key for key in ("props", "payload", "properties") if key in copy), None)
    return copy | {container: copy[container] | properties} if container and properties else copy


def scenarios() -> dict[str, Copies]:
    """Copies of one thing, each with its fate. Arrival decides: files are named in the order of this table."""
    view = line(LANDING, "landing_view")
    named = line(LANDING, "landing_view", event_id="e1")
    started = line(LANDING, "task_start")
    refusal = line(LANDING, "license_rejected", {"status": "revoked"})
    ran = line(PROMPTS, "execute")
    plain = line(PROMPTS, "execute", request_id=ABSENT)
    alert = line(LANDING, "risk_alert", event_id="e2")
    user = line(USERS)
    trade = line(TRADES, payment_status="pending")
    keyless = line(TRADES, trade_id=ABSENT)
    paid = line(TRADES)
    return {
        "a line without a key is known by its content": [
            (LANDING, FIRST, view, KEPT),
            (LANDING, THEN, view, AGAIN),
            (LANDING, THEN, respelled(view), AGAIN),
        ],
        "lines without a key that differ in a property are two": [
            (LANDING, FIRST, line(LANDING, "cta_click", {"user_id": "u", "cta_id": "replicate_now"}), KEPT),
            (LANDING, FIRST, line(LANDING, "cta_click", {"user_id": "u", "cta_id": "view_cases"}), KEPT),
        ],
        "an event id": [
            (LANDING, THEN, _same(named, {"ab_bucket": "B"}), CONFLICT),
            (LANDING, FIRST, named, KEPT),
            (LANDING, LAST, respelled(named), AGAIN),
        ],
        "an event id goes before the natural key": [
            (LANDING, FIRST, _same(started, event_id="e3"), KEPT),
            (LANDING, FIRST, _same(started, event_id="e4"), KEPT),
        ],
        "an event id of another product": [
            (STORY, FIRST, line(STORY, "brain_selected", event_id="e1"), KEPT),
        ],
        "a natural key": [
            (LANDING, FIRST, started, KEPT),
            (LANDING, THEN, _same(started, {"estimated_credits": 99}), CONFLICT),
            (LANDING, THEN, respelled(started), AGAIN),
        ],
        "a natural key of another event": [
            (LANDING, FIRST, line(LANDING, "task_completed", {"task_id": started["payload"]["task_id"]}), KEPT),
        ],
        "the time is part of the key of a repeatable event": [
            (LANDING, FIRST, refusal, KEPT),
            (LANDING, FIRST, _same(refusal, event_time="2026-03-10T05:00:00Z"), KEPT),
            (LANDING, THEN, _same(refusal, {"reason_code": "other"}), CONFLICT),
        ],
        "execute and success share a request": [
            (PROMPTS, FIRST, ran, KEPT),
            (PROMPTS, FIRST, _same(ran, event_type="success"), KEPT),
            (PROMPTS, THEN, _same(ran, event_type="success", occurred_at="2026-03-10T05:00:00Z"), CONFLICT),
            (PROMPTS, THEN, _same(ran, event_type="gen_ok"), CONFLICT),
        ],
        "a key whose part may be missing falls back to the content": [
            (PROMPTS, FIRST, plain, KEPT),
            (PROMPTS, THEN, plain, AGAIN),
            (PROMPTS, FIRST, _same(plain, user_id="other"), KEPT),
        ],
        "a bad first copy does not swallow its corrected resend": [
            (LANDING, FIRST, _same(alert, {"policy_tag": "Z9"}), "enum_out_of_range"),
            (LANDING, THEN, alert, KEPT),
            (LANDING, LAST, _same(alert, event_time="soon"), "bad_time"),
        ],
        "of a table row the last received version counts": [
            (USERS, THEN, _same(user, utm_source="friends"), OLDER),
            (USERS, LAST, _same(user, utm_source="press"), KEPT),
            (USERS, FIRST, user, OLDER),
        ],
        "a version that is sent again": [
            (USERS, FIRST, {"user_id": "u-again", "registration_date": "2026-03-01"}, AGAIN),
            (USERS, THEN, {"user_id": "u-again", "registration_date": "2026-03-02"}, OLDER),
            (USERS, LAST, {"user_id": "u-again", "registration_date": "2026-03-01"}, KEPT),
        ],
        "a bad last version does not hide the sound one": [
            (TRADES, FIRST, trade, OLDER),
            (TRADES, THEN, _same(trade, payment_status="success"), KEPT),
            (TRADES, LAST, _same(trade, user_id="13800138000"), "pii_suspected"),
        ],
        "table rows without their key are compared by content": [
            (TRADES, FIRST, keyless, AGAIN),
            (TRADES, THEN, keyless, KEPT),
            (TRADES, THEN, _same(keyless, amount=20), KEPT),
        ],
        "a refund under the number of its trade": [
            (TRADES, FIRST, paid, KEPT),
            (TRADES, THEN, _same(paid, trade_type="refund"), KEPT),
        ],
    }  # fmt: skip


SCENARIOS = scenarios()
TIED = {
    "events": (
        LANDING,
        [line(LANDING, "task_start", {"task_id": "tie", "estimated_credits": n}) for n in range(5)],
    ),
    "versions": (USERS, [line(USERS, user_id="tie", utm_source=f"source {n}") for n in range(5)]),
}


@pytest.fixture(scope="module")
def built() -> Built:
    drop = Drop()
    for number, copies in enumerate(SCENARIOS.values()):
        for position, (stream, arrived, sent, _) in enumerate(copies):
            # A blank second line keeps the file from being one that has landed before.
            drop.add(
                stream,
                sent,
                b" " * (position + 1),
                arrived=arrived,
                name=f"{number:02d}-{position:02d}.jsonl",
            )
    for what, (stream, lines) in TIED.items():
        drop.add(stream, *lines, arrived=FIRST, name=f"tied-{what}.jsonl")
    return workshop().build(drop, EVENTS)


def fates(built: Built, name: str) -> list[str]:
    """Reasons (or `accepted`) of the lines of a file, in order."""
    return [
        fate
        for (fate,) in built.rows(
            f"""
            select coalesce(reason, status)
            from normalized.line_status
            inner join staging.landed_lines as landed using (product, stream, file_sha256, line_no)
            where parse_filename(landed.source_file) = '{name}' and status <> 'blank'
            order by line_no
            """
        )
    ]


@pytest.mark.parametrize("what", SCENARIOS)
def test_what_becomes_of_copies(what: str, built: Built) -> None:
    number, copies = list(SCENARIOS).index(what), SCENARIOS[what]
    for position, (_, _, _, fate) in enumerate(copies):
        assert fates(built, f"{number:02d}-{position:02d}.jsonl") == [fate], copies[position]


@pytest.mark.parametrize("what", TIED)
def test_a_tie_is_broken_by_the_text_alone(what: str, built: Built) -> None:
    """Five lines with one key arrive at one moment: the least hash of the text stays, wherever it stood."""
    stream, lines = TIED[what]
    hashes = [hashlib.md5(as_bytes(sent)).hexdigest() for sent in lines]
    other = CONFLICT if stream == LANDING else OLDER
    assert fates(built, f"tied-{what}.jsonl") == [KEPT if text == min(hashes) else other for text in hashes]


def test_one_event_per_key(built: Built) -> None:
    assert built.rows("select count(*) - count(distinct event_key) from normalized.events") == [(0,)]
