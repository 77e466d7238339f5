"""Nothing is lost, whatever arrives: lines, events and money are conserved over drops of random damage (X-06, X-25)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from drops import NORMALIZED, RULES, Built, Drop, line, sound_streams, workshop

LINES, SEED = 40, 20260310  # lines of each kind of sound line

KEYS = [
    "", " ", "a\"b", "a'b", "a.b", "a/b", "a~1b", "$", "$.x", "*", "[0]", "a\\b", "\u0000", "\u0007", "\n", "\ud83d\ude00",
    "键", "e\u0301", "é", "-" * 300, "null", "props", "payload", "properties", "user_id", "USER_ID", "{n}", "%s", "{{ x }}",
    "sceneId", "policy_tag", "\u2028", "a\tb", "'; drop table x; --",
]  # fmt: skip
VALUES: list[Any] = [
    None, True, False, 0, -0.0, 1, -1, 10**18, 10**30, -(10**400), 1e308, -1e-308, 0.1, 1.0, "", " ", "\u0000", "a\u0000b", "null", "NaN",
    "Infinity", "-inf", "1e999", "0x10", "1_000", "１２", "12abc", "true", "TRUE", "[]", "{}", "[1]", '{"a":1}', '"', "'", "\\",
    "\\u0000", "\u200b", "\ufeff", "键" * 50, "e\u0301", "Z9", "D3", "b1", "13800138000", "a@b.cn", "wxid_abcdef", [], {}, [1, [2, {"a": None}]],
    {"": ""}, {"a": {"b": {"c": [1, 2, 3]}}}, {"a\"b": "c\"d"}, "2026-03-10T04:00:00Z", "2026-03-10", "9999-12-31", "0000-01-01",
    "294247-01-10T04:00:54Z", "2026-02-30", "-1", "1773115200", 1773115200000, 253402300800000, 99999999999999999999, "x" * 3000,
    "success", "refunded", "copy", "compliance_committee", "100-300", "9" * 40 + "-" + "9" * 41, "-5-3", ".5", "5.", "+5", "1e5",
]  # fmt: skip


def other_value(record: dict[str, Any], random: Random) -> None:
    record[random.choice(list(record))] = random.choice(VALUES)


def added_key(record: dict[str, Any], random: Random) -> None:
    record[random.choice(KEYS)] = random.choice(VALUES)


def renamed_key(record: dict[str, Any], random: Random) -> None:
    record[random.choice(KEYS)] = record.pop(random.choice(list(record)))


def dropped_key(record: dict[str, Any], random: Random) -> None:
    record.pop(random.choice(list(record)))


def emptied(record: dict[str, Any], random: Random) -> None:
    record.clear()


CHANGES: list[Callable[[dict[str, Any], Random], None]] = [
    other_value, other_value, other_value, added_key, added_key, renamed_key, dropped_key, emptied,
]  # fmt: skip


def damaged_record(record: dict[str, Any], random: Random) -> dict[str, Any]:
    """A record with up to three changes, each at the top or among its properties."""
    copy = json.loads(json.dumps(record))
    for _ in range(random.randint(0, 3)):
        inner = [value for value in copy.values() if isinstance(value, dict) and value]
        target = random.choice([copy, *inner, *inner])
        if target:
            random.choice(CHANGES)(target, random)
    return copy


def as_text(record: dict[str, Any], random: Random) -> bytes:
    """JSON in one of its spellings."""
    text = json.dumps(
        record,
        ensure_ascii=random.random() < 0.5,
        separators=random.choice([None, (",", ":"), (" , ", " : ")]),
    )
    return text.encode("utf-8", "replace")


def damaged_bytes(text: bytes, random: Random) -> bytes:
    """Bytes flipped, cut, doubled or put in; no line feed among them."""
    for _ in range(random.randint(1, 4)):
        at = random.randint(0, len(text))
        piece = random.choice(
            [b"", b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"\x00", b"\xff", b"\xc3", b"\xf0\x9f", b"NaN", b"1e999",
             b"\\u0000", b"\\ud800", b"\r", b"\x1f", bytes([random.randrange(256)]), text[at : at + 20]]
        )  # fmt: skip
        text = text[:at] + piece + text[at + random.randint(0, 2) :]
    return text.replace(b"\n", b"")


def random_drop(random: Random) -> Drop:
    """A drop of damaged lines for every stream, and for two that nobody planned."""
    drop = Drop()
    for stream, event in [*sound_streams(), ("landing/clicks", "cta_click"), ("nobody/at all", "cta_click")]:
        sound = [
            line(stream if (stream, event) in sound_streams() else "landing/events", event) for _ in range(8)
        ]
        lines: list[bytes] = []
        while len(lines) < LINES:
            # Few originals, so that copies, versions and conflicts come about.
            text = as_text(damaged_record(random.choice(sound), random), random)
            lines.append(damaged_bytes(text, random) if random.random() < 0.2 else text)
            if random.random() < 0.1:
                lines.append(random.choice(lines))
            if random.random() < 0.05:
                lines.append(random.choice([b"", b" ", random.randbytes(30).replace(b"\n", b"")]))
        for part in range(3):
            drop.add(stream, *lines[part::3], arrived=f"2026-03-{10 + part}", name=f"{event}.jsonl")
    return drop


@pytest.fixture(scope="module")
def drop() -> Drop:
    return random_drop(Random(SEED))


@pytest.fixture(scope="module")
def twice(drop: Drop) -> tuple[Built, Built]:
    """The drop as built first, and as built again after every file has come in under a second name."""
    first = workshop().build(drop, NORMALIZED, tests=["path:models/normalized"])
    for path, content in drop.files.items():
        copy = workshop().paths.raw / path
        copy.with_name(f"again-{copy.name}").write_bytes(content)
    return first, workshop().build_again(NORMALIZED)


@pytest.fixture(scope="module")
def built(twice: tuple[Built, Built]) -> Built:
    return twice[0]


def test_no_damage_breaks_a_model_or_a_test(built: Built) -> None:
    """Quotes, control characters, empty and odd keys, huge numbers, deep nesting, broken bytes: all models build.

    Warnings are what the tests on received values are for.
    """
    assert {name: status for name, status in built.nodes.items() if status == "fail"} == {}
    assert len([name for name, status in built.nodes.items() if status == "pass"]) > 20
    by_status = dict(built.rows("select status, count(*) from normalized.line_status group by status"))
    assert min(by_status[status] for status in ("accepted", "quarantined", "duplicate", "blank")) > 10


def test_every_line_received_has_one_status(drop: Drop, built: Built) -> None:
    """Per product and stream, also for folders that nobody planned."""
    sent = Counter()
    for path, content in drop.files.items():
        sent[path.rsplit("/", 2)[0]] += content.count(b"\n")
    told = built.rows("select product || '/' || stream, count(*) from normalized.line_status group by all")
    assert dict(told) == sent
    keys = "product, stream, file_sha256, line_no"
    assert built.rows(f"select {keys} from normalized.line_status group by all having count(*) > 1") == []


@pytest.mark.parametrize(
    ("these", "those"),
    [
        ("staging.landed_lines", "normalized.line_status"),
        ("normalized.line_status", "staging.landed_lines"),
        ("(from normalized.line_status where status = 'accepted')", "normalized.events"),
        ("normalized.events", "(from normalized.line_status where status = 'accepted')"),
        ("normalized.event_violations", "staging.landed_lines"),
    ],
)
def test_nothing_is_here_that_is_not_there(these: str, those: str, built: Built) -> None:
    """Anti-joins of the landed lines, their statuses and the events, both ways."""
    missing = f"select count(*) from {these} as these anti join {those} as those using (product, stream, file_sha256, line_no)"
    assert built.rows(missing) == [(0,)]


def test_a_status_follows_from_its_reasons(built: Built) -> None:
    """The first reason decides, none means accepted, and reasons are in the order of the plan."""
    plan = {
        reason: (status, priority)
        for reason, status, priority in built.rows("select reason, status, priority from seeds.plan_reasons")
    }
    for status, reason, reasons in built.rows(
        "select distinct status, reason, reasons from normalized.line_status"
    ):
        if status == "accepted":
            assert (reason, reasons) == (None, None)
        else:
            assert reason == reasons[0]
            assert status == plan[reason][0]
            assert reasons == sorted(set(reasons), key=lambda one: plan[one][1])


def test_what_rejects_a_line_is_among_its_reasons(built: Built) -> None:
    """Reject rules and reasons say the same; nothing but a reject rule of a line's own gives such a reason."""
    lines = built.rows(
        """
        select reasons, list_sort(list(distinct rule) filter (rule is not null)) as rules
        from normalized.line_status
        left join (from normalized.event_violations where severity = 'reject') using (product, stream, file_sha256, line_no)
        group by product, stream, file_sha256, line_no, reasons
        """
    )
    for reasons, rules in lines:
        assert {reason for reason in reasons or [] if reason in RULES} == set(rules or [])


def test_only_known_rules_are_found(built: Built) -> None:
    assert {rule for (rule,) in built.rows("select distinct rule from normalized.event_violations")} <= RULES


def sound_amount(raw: str) -> Decimal | None:
    """The amount of a trade when it is a plain number that no rule can refuse, else None."""
    amount = json.loads(raw, parse_float=Decimal, parse_int=Decimal).get("amount")
    return amount if isinstance(amount, Decimal) and 0 <= amount < 10**12 else None


def test_money_is_conserved(built: Built) -> None:
    """Minor units of all received trades = accepted + quarantined + duplicate, and what is accepted is in the events."""
    trades = built.rows(
        """
        select landed.raw, statuses.status, events.amount_text
        from staging.landed_lines as landed
        inner join normalized.line_status as statuses using (product, stream, file_sha256, line_no)
        left join normalized.events as events using (product, stream, file_sha256, line_no)
        where landed.product = 'app' and landed.stream = 'trades' and landed.fault is null
        """
    )
    received, by_status, in_events = Decimal(0), Counter(), Decimal(0)
    for raw, status, amount_text in trades:
        amount = sound_amount(raw)
        if amount is not None:
            received += round(amount * 100)
            by_status[status] += round(amount * 100)
            in_events += round(Decimal(amount_text or 0) * 100) if status == "accepted" else 0
    assert min(by_status["accepted"], by_status["quarantined"], by_status["duplicate"]) > 0
    assert received == by_status["accepted"] + by_status["quarantined"] + by_status["duplicate"]
    assert in_events == by_status["accepted"]


# --- order ------------------------------------------------------------------------------------------

PROVENANCE = ("file_sha256", "line_no", "source_file")


def shuffled(drop: Drop, random: Random) -> Drop:
    """The same lines on the same days of arrival, in other files, under other names, in another order."""
    lines: dict[tuple[str, str], list[bytes]] = {}
    for path, content in drop.files.items():
        stream, arrived, _ = path.rsplit("/", 2)
        lines.setdefault((stream, arrived.removeprefix("received_date=")), []).extend(
            content.split(b"\n")[:-1]
        )
    other = Drop()
    for (stream, arrived), received in lines.items():
        random.shuffle(received)
        for part in range(2):
            other.add(stream, *received[part::2], arrived=arrived, name=f"{random.random()}.jsonl")
    return other


def contents(built: Built, leave_out: tuple[str, ...] = ()) -> dict[str, list[tuple]]:
    """The rows of every normalized table, sorted, without some columns."""
    columns = built.rows(
        f"""
        select table_name, string_agg('"' || column_name || '"', ', ' order by column_name)
        from information_schema.columns
        where table_schema = 'normalized' and column_name not in {(*leave_out, "")}
        group by table_name order by table_name
        """
    )
    return {
        table: built.rows(f"select t::varchar from (select {names} from normalized.{table}) as t order by 1")
        for table, names in columns
    }


def test_order_changes_nothing(drop: Drop, built: Built) -> None:
    """Shuffled lines in shuffled files give the same tables but for where a line stood; ties in arrival abound here."""
    again = workshop().build(shuffled(drop, Random(SEED + 1)), NORMALIZED)
    expected, found = contents(built, PROVENANCE), contents(again, PROVENANCE)
    assert len(expected["events"]) > 300
    for table in expected.keys() - {"file_status"}:
        assert found[table] == expected[table], table


def test_landing_again_changes_nothing(drop: Drop, twice: tuple[Built, Built]) -> None:
    """The same bytes under the same names and under others: a row per file, and not a line more."""
    first, again = twice
    expected, found = contents(first), contents(again)
    for table in expected.keys() - {"file_status"}:
        assert found[table] == expected[table], table
    assert again.rows("select status, count(*) from normalized.file_status group by all order by all") == [
        ("already_landed", len(drop.files)), ("landed", len(drop.files)),
    ]  # fmt: skip
