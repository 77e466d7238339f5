"""What is reported to the ad platform (S4-32): consent, age, the first of a person, hashed identifiers."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest
from drops import Built, Drop, workshop

# The last line is sent on 20 March, so that marts describe 19 March (UTC+8), which ends at 16:00 UTC.
END = "2026-03-19T16:00:00Z"
OLDEST = "2026-03-12T16:00:00Z"  # seven days before
TOO_OLD = "2026-03-12T15:59:59.999Z"
CONSENT = "cookie_consent_updated"


def sent(event: str, at: str, user: str, event_id: str | None = None, **properties: Any) -> dict[str, Any]:
    named = {"event_id": event_id} if event_id else {}
    return {
        "event": event, "timestamp": at, "source": "web", "distinct_id": f"device of {user}", "user_id": user,
        "session_id": "s", "properties": properties, **named,
    }  # fmt: skip


LINES = [
    # anna agrees, withdraws at noon on the 18th and agrees again at the moment of her second view on the 19th
    sent(CONSENT, "2026-03-01T00:00:00Z", "Anna", ads_allowed=True),
    sent(CONSENT, "2026-03-18T12:00:00Z", "Anna", consent_state={"ads_allowed": False}),
    sent(CONSENT, "2026-03-19T01:00:00Z", "Anna", ads_allowed=True),
    sent("landing_view", OLDEST, "Anna", "oldest", fbclid="click1"),
    sent("pricing_view", TOO_OLD, "Anna", "too old"),
    sent("pricing_view", "2026-03-18T12:00:01Z", "Anna", "withdrawn"),
    sent("pricing_view", "2026-03-19T02:00:00Z", "Anna", "agreed again"),
    sent("login_success", "2026-03-13T01:00:00Z", "Anna", "first login"),
    sent("login_success", "2026-03-14T01:00:00Z", "Anna", "second login"),
    sent("purchase_completed", "2026-03-14T02:00:00Z", "Anna", "bought", order_id="o1", price=4.9),
    # bert logged in for the first time before the window
    sent(CONSENT, "2026-03-01T00:00:00Z", "bert", ads_allowed=True),
    sent("login_success", "2026-03-02T00:00:00Z", "bert", "long ago"),
    sent("login_success", "2026-03-15T00:00:00Z", "bert", "again"),
    # carl agrees only after what he did; dora never says anything
    sent("signup_start", "2026-03-15T00:00:00Z", "carl", "before"),
    sent(CONSENT, "2026-03-15T00:00:01Z", "carl", ads_allowed=True),
    sent("signup_start", "2026-03-15T00:00:00Z", "dora", "never asked"),
    sent("landing_view", END, "Anna", "after the day"),
    sent("landing_view", "2026-03-20T10:00:00Z", "Anna", "running day"),
]


@pytest.fixture(scope="module")
def built() -> Built:
    drop = Drop()
    drop.add("blanklogo/events", *LINES, arrived="2026-03-20")
    return workshop().build(drop, select=("+meta_capi_events",))


def test_who_agreed_when_is_reported_once(built: Built) -> None:
    reported = set(built.rows("select event_id, event_name from marts_sensitive.meta_capi_events"))
    assert reported == {
        ("oldest", "PageView"),
        ("agreed again", "ViewContent"),
        ("first login", "CompleteRegistration"),
        ("bought", "Purchase"),
    }


def test_what_a_purchase_says(built: Built) -> None:
    [row] = built.rows(
        "select product, event_time, action_source, external_id_sha256, fbc, value, currency"
        " from marts_sensitive.meta_capi_events where event_id = 'bought'"
    )
    clicked = int(datetime(2026, 3, 12, 16, tzinfo=UTC).timestamp() * 1000)
    assert row[:5] == (
        "blanklogo",
        int(datetime(2026, 3, 14, 2, tzinfo=UTC).timestamp()),
        "website",
        hashlib.sha256(b"anna").hexdigest(),
        f"fb.1.{clicked}.click1",
    )
    assert (float(row[5]), row[6]) == (4.9, "USD")


def test_what_is_not_money_has_no_value(built: Built) -> None:
    rows = built.rows(
        "select value, currency from marts_sensitive.meta_capi_events where event_name <> 'Purchase'"
    )
    assert rows == [(None, None)] * 3
