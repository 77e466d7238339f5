"""Every reason code and every rule once, on lines small enough to check by eye (X-05, X-06, X-17, X-19, X-24 .. X-26)."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass

import pytest
from drops import ABSENT, ARRIVAL, EVENTS, RULES, Built, Drop, Line, flat, line, workshop

QUARANTINED, ACCEPTED, BLANK = "quarantined", "accepted", "blank"


def nested(levels: int) -> list:
    """Lists in lists."""
    return [] if levels == 1 else [nested(levels - 1)]


@dataclass(frozen=True)
class Case:
    """One line and its verdict: status, all reasons (the first is the primary one), (rule, property, severity)."""

    what: str
    stream: str
    line: Line
    status: str
    reasons: tuple[str, ...] = ()
    violations: tuple[tuple[str, str, str], ...] = ()


def rejected(what: str, stream: str, sent: Line, *reasons: str) -> Case:
    """A line that is kept out for reasons that no rule of the plan gives."""
    return Case(what, stream, sent, QUARANTINED, reasons)


def refused(what: str, stream: str, sent: Line, rule: str, *properties: str) -> Case:
    """A line that is kept out because some properties break one rule of the plan."""
    return Case(
        what, stream, sent, QUARANTINED, (rule,), tuple((rule, name, "reject") for name in properties)
    )


def sound(what: str, stream: str, sent: Line) -> Case:
    """A line without a finding."""
    return Case(what, stream, sent, ACCEPTED)


def reported(what: str, stream: str, sent: Line, *violations: tuple[str, str, str]) -> Case:
    """An accepted line with findings."""
    return Case(what, stream, sent, ACCEPTED, (), violations)


LANDING, PROMPTS, STORY, LOGO = "landing/events", "prompts/events", "storyforge/events", "blanklogo/events"
TRADES, SUBSCRIPTIONS = "app/trades", "app/subscription_records"

BYTES = [
    Case("only white space", LANDING, b" \t ", BLANK, ("blank_line",)),
    rejected("bytes that are not UTF-8", LANDING, b'{"event_name":"\xff\xfe"}', "invalid_utf8"),
    rejected("a NUL byte", LANDING, b'{"event_name":"a\x00b"}', "nul_byte"),
    rejected("a line of over 16 MiB", LANDING, b'{"event_name":"%s"}' % (b"x" * 2**24), "line_too_long"),
    rejected("65 levels", LANDING, line(LANDING, "cta_click", {"deep": nested(63)}), "nesting_too_deep"),
    rejected("cut off in the middle", LANDING, b'{"event_name":"landing_vi', "invalid_json"),
    rejected("NaN", LANDING, b'{"event_name":"landing_view","n":NaN}', "invalid_json"),
    rejected("a number that is not finite", LANDING, b'{"event_name":"landing_view","n":1e400}', "invalid_json"),
    rejected("a trailing comma", LANDING, b'{"event_name":"landing_view",}', "invalid_json"),
    rejected("a key twice", LANDING, b'{"event_name":"landing_view","event_name":"cta_click"}', "duplicate_keys"),
    rejected("a key twice, below", LANDING, b'{"event_name":"cta_click","payload":{"a":1,"a":1}}', "duplicate_keys"),
    rejected("a list", LANDING, b'[{"event_name":"landing_view"}]', "not_an_object"),
    rejected("a number", LANDING, b"42", "not_an_object"),
]  # fmt: skip

NAMES = [
    rejected("a folder that is not planned", "landing/clicks", line(LANDING, "cta_click"), "unknown_stream"),
    rejected("a product that is not planned", "newcomer/events", line(LANDING, "cta_click"), "unknown_stream"),
    rejected("not planned, and no JSON", "landing/clicks", b"{", "invalid_json", "unknown_stream"),
    rejected("a name of nobody's", LANDING, line(LANDING, "cta_click", event_name="page_scrolled"), "unknown_event"),
    rejected("another case", LANDING, line(LANDING, "cta_click", event_name="CTA_Click"), "unknown_event"),
    rejected("a name of another product", LANDING, line(LANDING, "cta_click", event_name="execute"), "unknown_event"),
    rejected("no name at all", LANDING, line(LANDING, "cta_click", event_name=ABSENT), "unknown_event"),
    sound("a name with a line break", LANDING, line(LANDING, "cta_click", event_name=" cta_click\n")),
    *(
        reported(f"{old} is {name}", PROMPTS, line(PROMPTS, name, event_type=old), ("event_alias", "event_name", "warn"))
        for old, name in [
            ("video_generated_ok", "success"), ("video_success", "success"), ("gen_ok", "success"),
        ]
    ),
    *(
        reported(f"{old} is paid", PROMPTS, line(PROMPTS, "success", event_type=old), ("event_alias", "event_name", "warn"))
        for old in ("payment_succeeded", "purchase_done")
    ),
]  # fmt: skip

ENVELOPE = [
    refused("no time", LANDING, line(LANDING, "cta_click", event_time=ABSENT), "missing_time", "occurred_at"),
    refused("an empty time", LANDING, line(LANDING, "cta_click", event_time=" "), "missing_time", "occurred_at"),
    refused("no clock of the two", STORY, line(STORY, "brain_selected", server_ts=None, client_ts=None), "missing_time", "occurred_at"),
    refused("words for a time", LANDING, line(LANDING, "cta_click", event_time="yesterday"), "bad_time", "occurred_at"),
    refused("no such day", LANDING, line(LANDING, "cta_click", event_time="2026-02-30T00:00:00Z"), "bad_time", "occurred_at"),
    refused("a task without its id", LANDING, line(LANDING, "task_start", {"task_id": ABSENT}), "missing_natural_key", "natural_key"),
    reported("an event id stands in", LANDING, line(LANDING, "task_start", {"task_id": ABSENT}, event_id="e1"), ("missing_required", "task_id", "error")),
    refused("ad spend of no campaign", "blanklogo/ad_spend", line("blanklogo/ad_spend", campaign_id=""), "missing_natural_key", "natural_key"),
    refused("a mobile number for a user id", LANDING, line(LANDING, "cta_click", {"user_id": "13800138000"}), "pii_suspected", "user_id"),
    refused("an e-mail for a visitor id", LOGO, line(LOGO, "pricing_view", distinct_id="li@example.com"), "pii_suspected", "anonymous_id"),
    refused("a WeChat id for a session id", PROMPTS, line(PROMPTS, "execute", session_id="wxid_abc12345"), "pii_suspected", "session_id"),
    refused("a mobile number for an event id", LANDING, line(LANDING, "cta_click", event_id="+8613800138001"), "pii_suspected", "event_id"),
    refused("an e-mail for an account id", LANDING, line(LANDING, "license_apply", {"account_id": "li@example.com"}), "pii_suspected", "account_id"),
    sound("eleven digits inside a hash", LANDING, line(LANDING, "cta_click", {"user_id": "ab13700137000"})),
    sound("a longer number", LANDING, line(LANDING, "cta_click", {"user_id": "9137001370001"})),
    rejected("payload is a text", LANDING, line(LANDING, "cta_click", payload="none"), "bad_props"),
    rejected("props is a list", PROMPTS, line(PROMPTS, "execute", props=[1]), "bad_props"),
    rejected("properties is a number", LOGO, line(LOGO, "pricing_view", properties=7), "bad_props"),
    sound("no props", PROMPTS, line(PROMPTS, "execute", props=ABSENT)),
    sound("payload beside the envelope", LANDING, flat(line(LANDING, "task_failed"))),
    sound("properties beside the envelope", STORY, flat(line(STORY, "brain_selected"))),
    refused("it ends before it starts", SUBSCRIPTIONS, line(SUBSCRIPTIONS, end_date="2026-02-28"), "bad_interval", "end_date"),
    sound("it ends on its first day", SUBSCRIPTIONS, line(SUBSCRIPTIONS, end_date="2026-03-01")),
    sound("it has no end", SUBSCRIPTIONS, line(SUBSCRIPTIONS, end_date="9999-12-31")),
    reported("nobody did it", LANDING, line(LANDING, "cta_click", {"user_id": ABSENT}), ("missing_actor", "user_id", "error")),
    reported("null did it", LANDING, line(LANDING, "cta_click", {"user_id": "null"}), ("missing_actor", "user_id", "error")),
    reported("null with blanks did it", LANDING, line(LANDING, "cta_click", {"user_id": " null "}), ("missing_actor", "user_id", "error")),
    reported("undefined did it", LANDING, line(LANDING, "cta_click", {"user_id": "undefined"}), ("missing_actor", "user_id", "error")),
    reported("a time without an offset", LANDING, line(LANDING, "cta_click", event_time="2026-03-10T04:00:00"), ("tz_assumed", "occurred_at", "warn")),
    reported("only the client's time", STORY, line(STORY, "brain_selected", server_ts=ABSENT), ("client_time_used", "occurred_at", "warn")),
    reported("clocks 301 s apart", STORY, line(STORY, "brain_selected", client_ts="2026-03-10T03:54:59Z"), ("clock_skew", "occurred_at", "warn")),
    sound("clocks 300 s apart", STORY, line(STORY, "brain_selected", client_ts="2026-03-10T03:55:00Z")),
    reported("a server event from the web", LOGO, line(LOGO, "job_created", source="web"), ("wrong_source", "source", "warn")),
]  # fmt: skip

PROPERTIES = [
    reported("a required property is missing", LANDING, line(LANDING, "cta_click", {"cta_id": ABSENT}), ("missing_required", "cta_id", "error")),
    reported("a required property is null", LANDING, line(LANDING, "cta_click", {"cta_id": None}), ("missing_required", "cta_id", "error")),
    reported("a wanted property is missing", PROMPTS, line(PROMPTS, "execute", session_id=ABSENT), ("missing_required", "session_id", "warn")),
    reported("a wanted property is the word null", PROMPTS, line(PROMPTS, "execute", session_id="null"), ("missing_required", "session_id", "warn")),
    reported("words for a number", LANDING, line(LANDING, "task_completed", {"credits_spent": "many"}), ("wrong_type", "credits_spent", "error")),
    reported("true for a number", PROMPTS, line(PROMPTS, "success", {"latency_ms": True}), ("wrong_type", "latency_ms", "warn")),
    reported("a half for a whole number", LANDING, line(LANDING, "heatmap_view", {"position": 1.5}), ("wrong_type", "position", "error")),
    reported("a number for a text", LANDING, line(LANDING, "heatmap_view", {"rank_type": 7}), ("wrong_type", "rank_type", "error")),
    reported("a list for an id", LANDING, line(LANDING, "cta_click", {"template_id": ["t1"]}), ("wrong_type", "template_id", "warn")),
    reported("yes for a boolean", LANDING, line(LANDING, "license_apply", {"is_fast_track": "yes"}), ("wrong_type", "is_fast_track", "error")),
    reported("a list for an object", STORY, line(STORY, "brain_selected", experiment_assignments=[]), ("wrong_type", "experiment_assignments", "warn")),
    reported("words for a time", "app/users", line("app/users", last_login_time="last week"), ("wrong_type", "last_login_time", "warn")),
    reported("below its least value", LANDING, line(LANDING, "heatmap_view", {"position": 0}), ("out_of_range", "position", "error")),
    sound("its least value", LANDING, line(LANDING, "heatmap_view", {"position": 1})),
    reported("above its greatest value", PROMPTS, line(PROMPTS, "execute", {"rollout_pct": 100.5}), ("out_of_range", "rollout_pct", "warn")),
    sound("its greatest value", PROMPTS, line(PROMPTS, "execute", {"rollout_pct": 100})),
    reported("a range upside down", LANDING, line(LANDING, "estimator_interact", {"expected_credits_range": "300-100"}), ("out_of_range", "expected_credits_range", "error")),
    reported("a range that is none", LANDING, line(LANDING, "estimator_interact", {"expected_credits_range": "plenty"}), ("out_of_range", "expected_credits_range", "error")),
    sound("a range of one value", LANDING, line(LANDING, "estimator_interact", {"expected_credits_range": "100-100"})),
    reported("an enum value of nobody's, error", LANDING, line(LANDING, "task_failed", {"failure_code": "gpu_melted"}), ("enum_out_of_range", "failure_code", "error")),
    reported("an enum value of nobody's, warn", PROMPTS, line(PROMPTS, "execute", {"model_target": "Sora-9"}), ("enum_out_of_range", "model_target", "warn")),
    sound("an enum value with blanks around", PROMPTS, line(PROMPTS, "execute", {"aspect_ratio": " 16:9\t"})),
    reported("not the form of a language tag", PROMPTS, line(PROMPTS, "execute", {"locale": "english!"}), ("bad_format", "locale", "warn")),
    reported("not the form of a variant", PROMPTS, line(PROMPTS, "execute", {"variant_id": "BB"}), ("bad_format", "variant_id", "warn")),
    sound("a variant", PROMPTS, line(PROMPTS, "execute", {"variant_id": "WINNER"})),
    reported("a mobile number in a text", STORY, line(STORY, "feedback_submitted", {"comment": "call 13912345678!"}), ("pii_suspected", "comment", "error")),
    reported("an e-mail in a text", STORY, line(STORY, "feedback_submitted", {"comment": "li.wei@example.com"}), ("pii_suspected", "comment", "error")),
    reported("a WeChat id in a text", STORY, line(STORY, "feedback_submitted", {"comment": "add wxid_a1b2c3d4"}), ("pii_suspected", "comment", "error")),
    reported("a mobile number for a model", PROMPTS, line(PROMPTS, "execute", {"model_target": "13912345678"}), ("enum_out_of_range", "model_target", "warn")),
    refused("a mobile number for a tag", LANDING, line(LANDING, "task_failed", {"policy_tag": "13912345678"}), "enum_out_of_range", "policy_tag"),
    reported("a mobile number in a list", LANDING, line(LANDING, "heatmap_view", {"rank_type": ["13912345678"]}), ("wrong_type", "rank_type", "error")),
    refused("a mobile number for a time", LANDING, line(LANDING, "cta_click", event_time="13912345678"), "bad_time", "occurred_at"),
    reported("a number sent as text", LANDING, line(LANDING, "task_completed", {"credits_spent": "11"}), ("coerced_text", "credits_spent", "warn")),
    reported("a number sent as text that JSON does not know", LANDING, line(LANDING, "task_completed", {"credits_spent": ".5"}), ("coerced_text", "credits_spent", "warn")),
    reported("a boolean sent as text", LANDING, line(LANDING, "license_apply", {"is_fast_track": "true"}), ("coerced_text", "is_fast_track", "warn")),
    reported("a value under an old name", TRADES, line(TRADES, payment_status="支付成功"), ("value_alias", "payment_status", "warn")),
    reported("a tag in lower case", LANDING, line(LANDING, "task_failed", {"policy_tag": "b1"}), ("value_alias", "policy_tag", "warn")),
    reported("a key in camel case", PROMPTS, line(PROMPTS, "execute", {"sceneId": "c1"}), ("property_alias", "scene_id", "warn")),
    reported("a key that is not planned", LANDING, line(LANDING, "cta_click", {"debug": 1}), ("unplanned_property", "debug", "warn")),
    reported("64 levels", LANDING, line(LANDING, "cta_click", {"deep": nested(62)}), ("unplanned_property", "deep", "warn")),
]  # fmt: skip

GOVERNANCE = [
    refused("Z9 on a licence", LANDING, line(LANDING, "license_rejected", {"policy_tag": "Z9", "action_required": ""}), "enum_out_of_range", "policy_tag"),
    refused("Z9 where a tag is optional", LANDING, line(LANDING, "credits_updated", {"policy_tag": "Z9"}), "enum_out_of_range", "policy_tag"),
    refused("Z9 where no tag is listed", LANDING, line(LANDING, "cta_click", {"policy_tag": "Z9"}), "enum_out_of_range", "policy_tag"),
    sound("A1 where no tag is listed", LANDING, line(LANDING, "cta_click", {"policy_tag": "A1"})),
    refused("an action of nobody's", LANDING, line(LANDING, "task_failed", {"action_required": "burn_it"}), "enum_out_of_range", "action_required"),
    refused("an escalation to nobody", LANDING, line(LANDING, "risk_alert", {"escalation_level": "board"}), "enum_out_of_range", "escalation_level"),
    sound("a tag that is empty is there", LANDING, line(LANDING, "license_rejected", {"policy_tag": "", "action_required": ""})),
    sound("a tag that is null is there", LANDING, line(LANDING, "license_rejected", {"policy_tag": None, "action_required": None})),
    reported("a tag that is not there", LANDING, line(LANDING, "license_rejected", {"policy_tag": ABSENT, "action_required": ABSENT}), ("missing_required", "policy_tag", "error")),
    reported("B1 asks for an action", LANDING, line(LANDING, "license_rejected", {"action_required": ABSENT}), ("missing_required", "action_required", "error")),
    sound("C1 asks for none", LANDING, line(LANDING, "risk_alert", {"policy_tag": "C1", "action_required": ABSENT})),
    reported("an alert says to whom", LANDING, line(LANDING, "risk_alert", {"escalation_level": ABSENT}), ("missing_required", "escalation_level", "error")),
    sound("an infrastructure error needs no tag", LANDING, line(LANDING, "task_failed", {"failure_code": "infra_error", "policy_tag": ABSENT, "action_required": ABSENT})),
    reported("a safety block needs a tag", LANDING, line(LANDING, "task_failed", {"policy_tag": ABSENT, "action_required": ABSENT}), ("missing_required", "policy_tag", "error")),
    reported("an action against the tag", LANDING, line(LANDING, "task_failed", {"action_required": "remove_asset"}), ("policy_action_mismatch", "action_required", "warn")),
    sound("an appeal goes with any tag", LANDING, line(LANDING, "task_failed", {"action_required": "appeal_only"})),
    reported("a risk against the tag", LANDING, line(LANDING, "risk_alert", {"policy_tag": "D1", "action_required": "", "risk_level": "high"}), ("policy_risk_mismatch", "risk_level", "warn")),
    reported("D3 goes to the committee", LANDING, line(LANDING, "risk_alert", {"policy_tag": "D3", "action_required": ""}), ("policy_escalation_mismatch", "escalation_level", "error")),
    reported("d3 in lower case goes there too", LANDING, line(LANDING, "risk_alert", {"policy_tag": "d3", "action_required": ""}), ("value_alias", "policy_tag", "warn"), ("policy_escalation_mismatch", "escalation_level", "error")),
    sound("D3 where nothing says to whom", LANDING, line(LANDING, "credits_updated", {"policy_tag": "D3"})),
    reported("B1 has no business at the committee", LANDING, line(LANDING, "risk_alert", {"escalation_level": "compliance_committee"}), ("policy_escalation_unexpected", "escalation_level", "warn")),
    reported("no tag has no business at the committee", LANDING, line(LANDING, "risk_alert", {"policy_tag": "", "action_required": "", "escalation_level": "compliance_committee"}), ("policy_escalation_unexpected", "escalation_level", "warn")),
    sound("D3 at the committee", LANDING, line(LANDING, "risk_alert", {"policy_tag": "D3", "action_required": "", "escalation_level": "compliance_committee"})),
]  # fmt: skip

SEVERAL = [
    Case(
        "the primary reason is the one of least priority number",
        LANDING,
        line(LANDING, "risk_alert", {"policy_tag": "Z9", "task_id": "13800138000"}, event_time="soon"),
        QUARANTINED,
        ("bad_time", "pii_suspected", "enum_out_of_range"),
        (
            ("bad_time", "occurred_at", "reject"),
            ("pii_suspected", "task_id", "reject"),
            ("enum_out_of_range", "policy_tag", "reject"),
        ),
    ),
    Case(
        "an unknown event is judged by its envelope too",
        LANDING,
        line(LANDING, "cta_click", {"user_id": "13800138000"}, event_name="tap"),
        QUARANTINED,
        ("unknown_event", "pii_suspected"),
        (("pii_suspected", "user_id", "reject"),),
    ),
    reported(
        "findings of all kinds leave a line accepted",
        PROMPTS,
        line(PROMPTS, "success", {"latency_ms": "900", "modelTarget": "Sora-9", "x": 1}, event_type="gen_ok"),
        ("event_alias", "event_name", "warn"),
        ("coerced_text", "latency_ms", "warn"),
        ("property_alias", "model_target", "warn"),
        ("enum_out_of_range", "model_target", "warn"),
        ("unplanned_property", "x", "warn"),
    ),
]

CASES = [*BYTES, *NAMES, *ENVELOPE, *PROPERTIES, *GOVERNANCE, *SEVERAL]
FILES = {
    "bad_gzip": ("cut.jsonl.gz", gzip.compress(b'{"event_name":"landing_view"}\n' * 50)[:40]),
    "bad_parquet": ("broken.parquet", b"PAR1 nothing PAR1"),
    "utf16": ("notepad.jsonl", '{"event_name":"landing_view"}\n'.encode("utf-16")),
    "empty_file": ("empty.jsonl", b""),
}

REPEATS = {"duplicate", "duplicate_conflict", "superseded"}  # two lines each: see test_duplicates.py
SECRETS = [
    "13800138000",
    "13800138001",
    "li@example.com",
    "wxid_abc12345",
    "13912345678",
    "li.wei@example.com",
    "wxid_a1b2c3d4",
]

TABLE = b"""trade_id,user_id,amount,currency,payment_status,paid_at,trade_type,processor
csv-1,u1, 19.90 ,USD,success,2026-03-10T04:00:00Z,topup,stripe
csv-2,u2,free,,success,2026-03-10T04:00:00Z,topup,
"""


@pytest.fixture(scope="module")
def built() -> Built:
    """One drop with every case in a file of its own."""
    drop = Drop()
    for number, case in enumerate(CASES):
        drop.add(case.stream, case.line, name=f"case-{number:03d}.jsonl")
    for name, content in FILES.values():
        drop.add_file(LANDING, content, name=name)
    drop.add_file(TRADES, TABLE, name="TABLE.CSV")
    drop.add_file(
        LANDING, drop.files[f"{LANDING}/received_date={ARRIVAL}/case-000.jsonl"], name="zz-again.jsonl"
    )
    return workshop().build(drop, EVENTS)


def by_file(built: Built, sql: str) -> dict[str, list[tuple]]:
    """Rows of a query whose first column is a source file, by that file's name."""
    found: dict[str, list[tuple]] = {}
    for source_file, *values in built.rows(sql):
        found.setdefault(source_file.rsplit("/", 1)[1], []).append(tuple(values))
    return found


@pytest.fixture(scope="module")
def verdicts(built: Built) -> dict[str, list[tuple]]:
    return by_file(
        built,
        """
        select landed.source_file, status, reason, reasons
        from normalized.line_status
        inner join staging.landed_lines as landed using (product, stream, file_sha256, line_no)
        """,
    )


@pytest.fixture(scope="module")
def violations(built: Built) -> dict[str, list[tuple]]:
    return by_file(
        built,
        """
        select landed.source_file, rule, property, severity
        from normalized.event_violations
        inner join staging.landed_lines as landed using (product, stream, file_sha256, line_no)
        """,
    )


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case.what for case in CASES])
def test_verdict(number: int, verdicts: dict[str, list[tuple]], violations: dict[str, list[tuple]]) -> None:
    case, name = CASES[number], f"case-{number:03d}.jsonl"
    expected = (case.status, case.reasons[0] if case.reasons else None, list(case.reasons) or None)
    assert verdicts[name] == [expected]
    assert sorted(violations.get(name, [])) == sorted(case.violations)


def test_every_reason_of_the_plan_has_its_case(built: Built) -> None:
    levels = dict(built.rows("select reason, level from seeds.plan_reasons"))
    of_lines = {reason for case in CASES for reason in case.reasons} | REPEATS
    assert of_lines | {"accepted"} == {reason for reason, level in levels.items() if level != "file"}
    assert {*FILES, "already_landed"} == {reason for reason, level in levels.items() if level == "file"}


def test_every_rule_has_its_case() -> None:
    """The list is what users may find in `event_violations.rule`; no other test may find one that is not here."""
    assert {rule for case in CASES for rule, _, _ in case.violations} == RULES


def test_files_that_are_no_lines_get_their_reason(built: Built) -> None:
    found = by_file(
        built,
        "select source_file, status, reason, lines from normalized.file_status where reason is not null",
    )
    expected = {name: [("unreadable", reason, 0)] for reason, (name, _) in FILES.items()}
    assert found == expected | {"zz-again.jsonl": [("already_landed", "already_landed", 0)]}


def test_every_file_and_line_received_is_told(built: Built) -> None:
    assert built.rows("select count(*), sum(lines) from normalized.file_status") == [
        (len(CASES) + len(FILES) + 2, len(CASES) + 2)
    ]
    assert built.rows("select count(*) from normalized.line_status") == [(len(CASES) + 2,)]


def test_values_of_a_csv_file_are_text_and_no_finding(
    verdicts: dict[str, list[tuple]], violations: dict[str, list[tuple]], built: Built
) -> None:
    """A number is read without a word, an empty cell is a missing value, and what is no number is still none."""
    assert verdicts["TABLE.CSV"] == [("accepted", None, None)] * 2
    assert violations["TABLE.CSV"] == [("wrong_type", "amount", "error")]
    assert built.rows("select amount_text, currency from normalized.events where order_id like '%csv-%' order by user_id") == [
        ("19.90", "USD"), (None, None)
    ]  # fmt: skip


@pytest.mark.parametrize("sent", SECRETS)
def test_personal_data_is_written_nowhere_else(built: Built, sent: str) -> None:
    """S1-13: neither in the events nor among the violations, whatever field it was sent in."""
    assert built.rows(f"select count(*) > 0 from staging.landed_lines where raw like '%{sent}%'") == [(True,)]
    for table in ("event_violations", "events", "line_status", "rejected_lines"):
        assert built.rows(
            f"select count(*) from normalized.{table} as t where t::varchar like '%{sent}%'"
        ) == [(0,)]


NULLED = None
MENDED = {
    # what was sent → (column of events, its value, property, its value in props)
    "words for a number": (None, None, "credits_spent", NULLED),
    "a half for a whole number": (None, None, "position", NULLED),
    "a list for an id": ("template_id", None, "template_id", NULLED),
    "below its least value": (None, None, "position", NULLED),
    "an enum value of nobody's, error": (None, None, "failure_code", NULLED),
    "an enum value with blanks around": (None, None, "aspect_ratio", " 16:9\t"),
    "a mobile number in a text": (None, None, "comment", NULLED),
    "a number sent as text": (None, None, "credits_spent", 11),
    "a number sent as text that JSON does not know": (None, None, "credits_spent", ".5"),
    "a boolean sent as text": (None, None, "is_fast_track", True),
    "a value under an old name": (None, None, "payment_status", "success"),
    "a tag in lower case": ("policy_tag", "B1", "policy_tag", "B1"),
    "a key in camel case": (None, None, "scene_id", "c1"),
    "a key that is not planned": (None, None, "debug", 1),
    "a tag that is null is there": ("policy_tag", None, "policy_tag", NULLED),
    "D3 goes to the committee": ("escalation_level", "ops_review", "escalation_level", "ops_review"),
}


@pytest.mark.parametrize("what", MENDED)
def test_what_becomes_of_the_value(what: str, built: Built) -> None:
    """An invalid value is taken out of the event, a mendable one is mended, and the rest of the line stays."""
    column, in_column, name, in_props = MENDED[what]
    number = next(number for number, case in enumerate(CASES) if case.what == what)
    [(props, value)] = built.rows(
        f"""
        select props, {column or "null"}
        from normalized.events
        inner join staging.landed_lines as landed using (product, stream, file_sha256, line_no)
        where landed.source_file like '%case-{number:03d}.jsonl'
        """
    )
    assert (value, json.loads(props).get(name)) == (in_column, in_props)
    assert not column or name in json.loads(props) or in_props is NULLED
    sent = CASES[number].line
    container = next((sent[key] for key in ("props", "payload", "properties") if key in sent), sent)
    assert {key for key in json.loads(props) if key != name} == {
        key for key in container if key not in (name, "sceneId")
    }
