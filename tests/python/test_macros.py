"""Every macro of metrics and engines on both sides of its boundaries, on the dbt target of PLUMBLINE_TARGET.

The cases are few queries; each case says `as expected`, or what it got instead.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from drops import workshop

from plumbline.dbt_runner import invoke_dbt
from plumbline.warehouse import open_warehouse

TARGET = os.environ.get("PLUMBLINE_TARGET", "dev")
FOLDERS = ("macros/engine", "macros/metrics")
ROOT_MACROS = {
    *("identifier", "plan_setting", "plan_spellings", "seconds_between", "suspected_pii", "time_kind"),
}
TEXT, NUMBER = "{{ dbt.type_string() }}", "{{ double_type() }}"
NO_TEXT, NO_NUMBER = object(), object()


def sql(value: Any) -> str:
    """A Python value as SQL of the same kind on every engine."""
    if value is NO_TEXT:
        return f"cast(null as {TEXT})"
    if value is NO_NUMBER:
        return f"cast(null as {NUMBER})"
    if isinstance(value, str):  # a backslash is an escape on some engines
        escaped = "{{ '\\\\' * (2 if target.type == 'clickhouse' else 1) }}"
        return "cast('" + value.replace("'", "''").replace("\\", escaped) + f"' as {TEXT})"
    if isinstance(value, datetime):
        return "{{ utc_timestamp(" + f"\"'{value.isoformat(' ')}'\", \"'naive'\", 0" + ") }}"
    if isinstance(value, date):
        return f"cast('{value}' as date)"
    if isinstance(value, list):
        return "[" + ", ".join(f"'{item}'" for item in value) + "]"
    return str(value)


def rows_of(rows: list[dict[str, Any]]) -> str:
    return " union all ".join(
        "select " + ", ".join(f"{sql(value)} as {name}" for name, value in row.items()) for row in rows
    )


@dataclass(frozen=True)
class Case:
    """A call of a macro over some rows, and the value it must have (None: NULL)."""

    macro: str
    call: str
    expected: Any
    rows: list[dict[str, Any]]

    def __str__(self) -> str:
        given = "; ".join(
            ",".join("NULL" if type(v) is object else str(v) for v in row.values()) for row in self.rows
        )
        return f"{self.macro} {given}"[:90]

    def query(self, number: int) -> str:
        call, expected = (
            self.call.replace("from given", f"from ({rows_of(self.rows)}) as given"),
            self.expected,
        )
        if isinstance(expected, bool):
            call, expected = f"case when {call} then 'yes' else 'no' end", "yes" if expected else "no"
        verdict = f"({call}) is null" if expected is None else f"({call}) = ({sql(expected)})"
        return (
            f"select {number} as case_no, case when {verdict} then 'as expected'"
            f" else coalesce(cast({call} as {TEXT}), 'NULL') end as said from ({rows_of(self.rows)}) as given"
        )


def check(
    macro: str, arguments: str, expected: Any, *rows: dict[str, Any], wrap: str = "{}", **row: Any
) -> Case:
    """`macro(arguments)` over the given columns; `wrap` puts SQL around it."""
    call = wrap.replace("{}", "{{ " + f"{macro}({arguments})" + " }}")
    return Case(macro, call, expected, [*rows] or [row or {"nothing": 1}])


MAR = date(2026, 3, 10)
NOON = datetime(2026, 3, 10, 4)  # of that local day, in UTC
END = datetime(2026, 3, 10, 16)
US = datetime.resolution


def metrics() -> list[Case]:
    def window(day: date, expected: bool, days: int = 30) -> Case:
        return check("in_window", f"'d', 'z', {days}", expected, d=day, z=date(2026, 1, 30))

    def hours(happened_at: datetime, expected: bool) -> Case:
        return check("within_hours", "'t', 'e', 24", expected, t=happened_at, e=NOON)

    def mature(entry_at: datetime, expected: bool) -> Case:
        return check("is_mature", "'t', 24, 'z'", expected, t=entry_at, z=END)

    def evaluable(value: Any, is_collected: str, expected: str) -> Case:
        return check("evaluability", f"'v', '{is_collected}'", expected, v=value)

    def wilson(side: str, expected: float | None, successes: int, trials: int) -> Case:
        wrap = "round({}, 9)" if expected else "{}"
        return check("wilson_bound", f"'k', 'n', '{side}'", expected, wrap=wrap, k=successes, n=trials)

    def week(day: date, monday: date) -> Case:
        return check("week_start", "'d'", monday, d=day)

    return [
        check("rate", "'a', 'b'", 0.25, a=1, b=4),
        check("rate", "'a', 'b'", 0, a=0, b=5),
        check("rate", "'a', 'b'", 1.125, a=9, b=8),
        check("rate", "'a', 'b'", None, a=3, b=0),
        check("rate", "'a', 'b'", None, a=0, b=0),
        check("rate", "'a', 'b'", None, a=3, b=NO_NUMBER),
        check("rate", "'a', 'b'", None, a=NO_NUMBER, b=3),
        window(date(2026, 1, 30), True), window(date(2026, 1, 31), False),
        window(date(2026, 1, 1), True), window(date(2025, 12, 31), False),
        window(date(2026, 1, 30), True, days=1), window(date(2026, 1, 29), False, days=1),
        hours(NOON - US, False), hours(NOON, True),
        hours(datetime(2026, 3, 11, 4) - US, True), hours(datetime(2026, 3, 11, 4), False),
        mature(datetime(2026, 3, 9, 16), True), mature(datetime(2026, 3, 9, 16) + US, False),
        check("is_low_n", "'n'", True, n=0), check("is_low_n", "'n'", True, n=19),
        check("is_low_n", "'n'", False, n=20), check("is_low_n", "'n'", False, n=NO_NUMBER),
        evaluable(0.5, "true", "ok"), evaluable(0, "true", "ok"), evaluable(NO_NUMBER, "true", "no_data"),
        evaluable(0, "false", "not_evaluable"), evaluable(NO_NUMBER, "false", "not_evaluable"),
        # As scipy has them: binomtest(k, n).proportion_ci(method="wilson").
        wilson("low", 0.490162472, 8, 10), wilson("high", 0.943317849, 8, 10),
        wilson("low", 0, 0, 10), wilson("high", 0.2775328, 0, 10),
        wilson("low", 0.7224672, 10, 10), wilson("high", 1, 10, 10),
        wilson("low", 0.206549314, 1, 1), wilson("low", None, 0, 0), wilson("high", None, 0, 0),
        wilson("low", 0.122812697, 123_456, 1_000_000),
        week(date(2026, 3, 9), date(2026, 3, 9)), week(date(2026, 3, 15), date(2026, 3, 9)),
        week(date(2026, 3, 16), date(2026, 3, 16)), week(date(2026, 1, 1), date(2025, 12, 29)),
        check("week_start", "'d', 7", date(2026, 3, 15), d=date(2026, 3, 15)),
        check("week_start", "'d', 7", date(2026, 3, 8), d=date(2026, 3, 14)),
    ]  # fmt: skip


def event_order() -> list[Case]:
    def first(*events: tuple[datetime, datetime, int, str]) -> Case:
        """The event whose key is `a` comes first."""
        names = ("occurred_at", "received_at", "plan_order", "event_key")
        told = rows_of([dict(zip(names, event, strict=True)) for event in events])
        wrap = (
            "(select max(case when place = 1 then event_key end) from (select event_key, row_number() over"
            f" (order by {{}}) as place from ({told}) as told) as ordered)"
        )
        return check("event_order", "'told'", "a", wrap=wrap)

    early, late = NOON, NOON + US
    return [
        first((early, late, 2, "a"), (late, early, 1, "b")),
        first((early, early, 2, "a"), (early, late, 1, "b")),
        first((early, late, 1, "a"), (early, late, 2, "A")),
        first((early, late, 1, "a"), (early, late, 1, "b")),
    ]


def running_total() -> list[Case]:
    def total(product: str, day: date, expected: int) -> Case:
        """How many there are in a product at the end of a day."""
        changes = rows_of([
            {"product": "app", "day": MAR, "change": 2},
            {"product": "app", "day": date(2026, 3, 11), "change": NO_NUMBER},
            {"product": "app", "day": date(2026, 3, 12), "change": -1},
            {"product": "prompts", "day": MAR, "change": 5},
        ])  # fmt: skip
        wrap = (
            f"(select max(case when product = '{product}' and day = {sql(day)} then total end)"
            f" from (select product, day, {{}} as total from ({changes}) as changes) as totals)"
        )
        return check("running_total", "'change', 'product', 'day'", expected, wrap=wrap)

    return [
        total("app", MAR, 2), total("app", date(2026, 3, 11), 2), total("app", date(2026, 3, 12), 1),
        total("prompts", MAR, 5),
    ]  # fmt: skip


def tidy_metrics() -> list[Case]:
    def column(name: str, metric_key: str, expected: Any) -> Case:
        wrap = f"(select max(case when metric_key = '{metric_key}' then {name} end) from ({{}}) as tidy)"
        mart = f"(select 'app' as product, {sql(MAR)} as date_day, 3 as n, 4 as d) as mart"
        of = "{'counted': ['n', none, none], 'shared': ['n', 'd', rate('n', 'd')]}"
        return check("tidy_metrics", f"\"{mart}\", {of}, \"'kind'\", 'product'", expected, wrap=wrap)

    return [
        column("value", "counted", 3), column("numerator", "counted", 3),
        column("denominator", "counted", None),
        column("value", "shared", 0.75), column("denominator", "shared", 4),
        column("segment", "shared", "kind"), column("segment_value", "shared", "app"),
    ]  # fmt: skip


BIG = "123456789012345678901234567890"  # beyond 64 bits
RECORD = '{"a": "x", "b": 12, "c": null, "d": {"e": "12", "f.g": [1, 2]}, "h": 1.5, "i": true}'


def json() -> list[Case]:
    def fragment(container: str, key: str, expected: str | None) -> Case:
        return check("json_fragment", "'j', 'c', 'k'", expected, j=RECORD, c=container, k=key)

    def text(container: str, key: str, expected: str | None) -> Case:
        return check("json_text", "'j', 'c', 'k'", expected, j=RECORD, c=container, k=key)

    def texts(position: int, expected: str | None) -> Case:
        paths = "['a', 'd.e', 'b', 'z', 'c', 'b.e']"
        return check("json_texts", f"'j', {paths}", expected, wrap=f"{{}}[{position}]", j=RECORD)

    def exact(macro: str, arguments: str, expected: str, record: str) -> Case:
        return check(macro, arguments, expected, j=record)

    def keys(container: str, expected: int) -> Case:
        wrap = "coalesce({{ list_size(json_object_keys('j', 'c')) }}, 0)"
        return check("json_object_keys", "", expected, wrap=wrap, j=RECORD, c=container)

    def members(column: str, expected: Any) -> Case:
        return check(
            "json_members",
            "'j', \"''\"",
            expected,
            wrap=f"(select {column} from (select {{}} from given) as m)",
            j=RECORD,
        )

    def same(left: str, right: str, expected: bool) -> Case:
        wrap = "{{ json_canonical('j') }} = {{ json_canonical('k') }}"
        return check("json_canonical", "", expected, wrap=wrap, j=left, k=right)

    def patched(record: str, patch: str, expected: str) -> Case:
        wrap = "{{ json_canonical(json_patched('j', 'p')) }} = {{ json_canonical('m') }}"
        return check("json_patched", "", True, wrap=wrap, j=record, p=patch, m=expected)

    return [
        fragment("", "a", '"x"'), fragment("", "b", "12"), fragment("", "c", "null"), fragment("", "z", None),
        fragment("d", "e", '"12"'), fragment("d", "f.g", "[1,2]"), fragment("z", "e", None),
        fragment("a", "e", None),
        fragment("", "h", "1.5"), fragment("", "i", "true"),
        text("", "a", "x"), text("", "b", "12"), text("", "c", None), text("", "z", None),
        text("d", "e", "12"),
        text("", "i", "true"),
        texts(1, "x"), texts(2, "12"), texts(3, "12"), texts(4, None), texts(5, None), texts(6, None),
        exact("json_fragment", "'j', \"''\", \"'a'\"", "12.0", '{"a":12.0}'),
        exact("json_fragment", "'j', \"''\", \"'a'\"", BIG, '{"a":' + BIG + "}"),
        exact("json_text", "'j', \"'c'\", \"'a'\"", "-0.0", '{"c":{"a":-0.0}}'),
        exact("json_text", "'j', \"''\", \"'a'\"", BIG, '{"a":"' + BIG + '"}'),
        keys("", 6), keys("d", 2), keys("z", 0), keys("a", 0),
        members("count(*)", 6), members("max(case when member_key = 'a' then member_value end)", '"x"'),
        same('{"b": 1, "a": {"y": 2}, "c/d~e": 3}', '{"c/d~e":3,"a":{"y":2},"b":1}', True),
        same('{"a": 1}', '{"a": 2}', False), same('{"a": 1}', '{"a": "1"}', False),
        same('{"a": 1}', '{"b": 1}', False),
        patched('{"a":1,"b":2}', '{"a":3}', '{"a":3,"b":2}'),
        patched('{"a":1,"b":2}', '{"a":null}', '{"b":2}'),
        patched('{"p":{"a":1,"b":"x"}}', '{"p":{"a":null,"c":2}}', '{"p":{"b":"x","c":2}}'),
        patched('{"a":1}', "{}", '{"a":1}'),
        check("json_quoted", "'t'", '"x"', t="x"),
        check("json_quoted", "'t'", 'a "b" \\ c',
              wrap="{{ json_unquoted(json_quoted('t')) }}", t='a "b" \\ c'),
        check("json_unquoted", "'t'", "x", t='"x"'), check("json_unquoted", "'t'", 'a"b', t='"a\\"b"'),
        check("json_unquoted", "'t'", "12", t="12"), check("json_unquoted", "'t'", '{"a":1}', t='{"a":1}'),
    ]  # fmt: skip


def lists() -> list[Case]:
    cut, other = "split_list('t', '|')", "split_list('v', '|')"
    size = "{{ list_size(" + cut + ") }}"

    def minus(left: str, right: str, expected: int) -> Case:
        return check(
            "list_minus",
            "",
            expected,
            wrap="{{ list_size(list_minus(" + f"{cut}, {other})) }}}}",
            t=left,
            v=right,
        )

    def joined(expected: str | None, *rows: tuple[Any, int]) -> Case:
        return check("joined_text", "'t', ', ', 'n'", expected, *({"t": t, "n": n} for t, n in rows))

    def percentile(fraction: float, expected: float | None, *values: Any) -> Case:
        return check("percentile", f"'n', {fraction}", expected, *({"n": value} for value in values))

    items = "(select count(*) from (select {} as item from given) as items)"
    return [
        check("split_list", "", 3, wrap=size, t="a|b|c"), check("split_list", "", 1, wrap=size, t="a"),
        check("split_list", "", 0, wrap=size, t=NO_TEXT),
        check("split_list", "'t', '|'", "b", wrap="{}[2]", t="a|b|c"),
        check("list_size", cut, 2, t="a|b"),
        check("list_has", f"{cut}, 'v'", True, t="a|b", v="b"),
        check("list_has", f"{cut}, 'v'", False, t="ab|c", v="a"),
        check("list_has_every", f"{cut}, {other}", True, t="a|b|c", v="c|a"),
        check("list_has_every", f"{cut}, {other}", False, t="a|b|c", v="c|d"),
        check("list_has_every", f"{cut}, {other}", True, t="a", v=NO_TEXT),
        check("list_minus", f"{cut}, {other}", ["b"], t="a|b|c", v="c|a"),
        minus("a", "a|b", 0), minus("a", "b", 1),
        check("list_items", cut, 3, wrap=items, t="a|b|b"),
        check("list_items", cut, 0, wrap=items, t=NO_TEXT),
        check("sorted_list", "'t'", ["a", "b"], {"t": "b"}, {"t": "a"}),
        check("sorted_list", "'t', 'n'", ["b", "a"], {"t": "b", "n": 1}, {"t": "a", "n": 2}),
        check("url_host", "'t'", "www.a-b.com", t="https://www.A-b.com/x?y=c.d"),
        check("url_host", "'t'", "a.com", t="http://me@a.com:443"), check("url_host", "'t'", "a.com", t="//a.com#b.c"),
        check("url_host", "'t'", "a.com", t="a.com/b.html"), check("url_host", "'t'", None, t="/b.html"),
        check("url_host", "'t'", None, t="http://localhost:3000/a.b"), check("url_host", "'t'", None, t="about:blank"),
        check("url_host", "'t'", None, t=NO_TEXT),
        joined("b, a", ("a", 2), ("b", 1)), joined("a", ("a", 2), (NO_TEXT, 1)), joined(None, (NO_TEXT, 1)),
        percentile(0.5, 2, 3, 1, 2), percentile(0.5, 1.5, 1, 2), percentile(0.9, 10, *range(1, 12)),
        percentile(0.9, 9.1, *range(1, 11)),
        percentile(0.5, 4, 4, NO_NUMBER), percentile(0.5, None, NO_NUMBER),
    ]  # fmt: skip


def days() -> list[Case]:
    size = "{{ list_size(days_from_to('a', 'b')) }}"
    local = "cast({} as date)"
    midnight = datetime(2026, 3, 9, 16)
    return [
        check("days_from_to", "", 1, wrap=size, a=MAR, b=MAR),
        check("days_from_to", "", 3, wrap=size, a=date(2026, 2, 28), b=date(2026, 3, 2)),
        check("days_from_to", "", 0, wrap=size, a=MAR, b=date(2026, 3, 9)),
        check("days_from_to", "'a', 'b'", MAR, wrap="{}[2]", a=date(2026, 3, 9), b=MAR),
        check("plus_days", "'d', 1", date(2028, 2, 29), d=date(2028, 2, 28)),
        check("plus_days", "'d', -1", date(2025, 12, 31), d=date(2026, 1, 1)),
        check("plus_days", "'d', 'n'", date(2026, 3, 31), d=date(2026, 3, 1), n=30),
        check("plus_minutes", "'t', 480", date(2026, 3, 9), wrap=local, t=midnight - US),
        check("plus_minutes", "'t', 480", MAR, wrap=local, t=midnight),
        check("plus_minutes", "'t', '-n'", date(2026, 3, 8), wrap=local, t=midnight, n=961),
        check("iso_weekday", "'d'", 1, d=date(2026, 3, 9)),
        check("iso_weekday", "'d'", 7, d=date(2026, 3, 15)),
        check("timestamp_text", "'t'", "2026-03-10T04:00:00.000000Z", t=NOON),
        check("timestamp_text", "'t'", "2026-03-10T04:00:00.000001Z", t=NOON + US),
        check("epoch_microseconds", "'t'", 0, t=datetime(1970, 1, 1)),
        check("epoch_microseconds", "'t'", 1, t=datetime(1970, 1, 1) + US),
        check("epoch_microseconds", "'t'", -1_000_000, t=datetime(1969, 12, 31, 23, 59, 59)),
        check("seconds_between", "'a', 'b'", 1.5, a=NOON, b=datetime(2026, 3, 10, 4, 0, 1, 500_000)),
        check("seconds_between", "'a', 'b'", -1, a=datetime(2026, 3, 10, 4, 0, 1), b=NOON),
    ]  # fmt: skip


def times() -> list[Case]:
    def moment(kind: str, sent: str, expected: datetime | None, offset: int = 480) -> Case:
        return check("utc_timestamp", f"'t', 'k', {offset}", expected, t=sent, k=kind)

    def kind(sent: Any, expected: str | None) -> Case:
        return check("time_kind", "'t'", expected, t=sent)

    midnight = datetime(2026, 3, 10)
    return [
        moment("offset", "2026-03-10T00:00:00+08:00", datetime(2026, 3, 9, 16)),
        moment("offset", "2026-03-10T00:00:00.000001Z", midnight + US),
        moment("offset", "2026-03-09T23:00:00-01:00", midnight),
        moment("offset", "2026-13-45T99:00:00Z", None),
        moment("naive", "2026-03-10 00:00:00", midnight),
        moment("date", "2026-03-10", datetime(2026, 3, 9, 16)),
        moment("date", "2026-03-10", datetime(2026, 3, 10, 5), offset=-300),
        moment("epoch_s", "1773100800", midnight),
        moment("epoch_s", "1773100800.000001", midnight + US),
        moment("epoch_ms", "1773100800001", datetime(2026, 3, 10, 0, 0, 0, 1000)),
        moment("epoch_us", "1773100800000001", midnight + US),
        kind("2026-03-10T00:00:00Z", "offset"), kind("2026-03-10 00:00+08", "offset"),
        kind("2026-03-10T00:00:00", "naive"), kind("2026-03-10", "date"), kind("1773100800", "epoch_s"),
        kind("1773100800000", "epoch_ms"), kind("1773100800000000", "epoch_us"), kind("12", None),
        kind("2026-00-10", None), kind("0000-01-01", None), kind("yesterday", None), kind("2026-03-10T24:00:00Z", None), kind(NO_TEXT, None),
    ]  # fmt: skip


def texts() -> list[Case]:
    def clean(sent: Any, expected: str | None) -> Case:
        return check("clean_text", "'t'", expected, t=sent)

    def number(sent: str, expected: float | None) -> Case:
        return check("try_number", "'t'", expected, t=sent)

    def decimal(sent: str, scale: int, expected: float | None) -> Case:
        return check("try_decimal", f"'t', {scale}", expected, t=sent)

    def personal(sent: str, expected: bool) -> Case:
        return check("suspected_pii", "'t'", expected, t=sent)

    def refund(sent: str, expected: bool) -> Case:
        return check("plan_spellings", "'app', 'trade_type', ['refund']", expected, wrap="t in {}", t=sent)

    nobody = ("", " ", "null", "NULL", " undefined", NO_TEXT)
    return [
        clean("  a  b ", "a  b"), clean("\t\u3000a\u00a0\r\n", "a"), clean("e\u0301", "\u00e9"),
        clean(" \t ", None),
        clean("Execute", "Execute"), clean("", None), clean(NO_TEXT, None), clean(" 退款 ", "退款"),
        check("identifier", "'t'", "u1", t=" u1 "),
        *(check("identifier", "'t'", None, t=sent) for sent in nobody),
        check("text_digest", "'t'", "900150983cd24fb0d6963f7d28e17f72", t="abc"),
        check("text_sha256", "'t'", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", t="abc"),
        check("matches", "'t', \"'b+'\"", True, t="abbc"), check("matches", "'t', \"'^b'\"", False, t="abbc"),
        number("1.5", 1.5), number("-2", -2), number("1e3", 1000), number("", None), number("x", None),
        number("nan", None), number("inf", None), number("1e400", None), number("1,5", None),
        decimal("12.345", 2, 12.35), decimal("-0.005", 2, -0.01), decimal("12.344", 2, 12.34),
        decimal("7", 6, 7),
        decimal("x", 2, None), decimal("", 2, None),
        check("nullable", "'n'", None, wrap="lag({}) over (order by n)", n=1),
        check("low_cardinality", "'t'", "a", t="a"), check("low_cardinality", "'t'", None, t=NO_TEXT),
        check("schema_prefix", "", "marts", wrap="'{}marts'"),
        check("forget_stamp", "", True, wrap="'{}' in ('', 'drop table if exists plumbline.build_stamp')"),
        check("double_type", "", True, wrap="cast(cast(n as {}) as {{ dbt.type_bigint() }}) = n", n=16777217),
        check("timestamp_text", "'t'", "2026-03-10T04:00:00.000000Z", t=NOON),
        check("date_type", "", True, wrap="cast(t as {}) > cast('9999-12-30' as {})", t="9999-12-31"),
        check(
            "timestamp_type", "", True,
            wrap="cast(t as {}) > cast('2026-01-01 00:00:00.123455' as {})", t="2026-01-01 00:00:00.123456",
        ),
        personal("13912345678", True), personal("+8613912345678", True), personal("id 13912345678 x", True),
        personal("1391234567", False), personal("139123456789", False), personal("a13912345678", False),
        personal("li@example.com", True), personal("@home", False),
        personal("wxid_abcde", True), personal("wxid_ab", False),
        refund("refund", True), refund("退款", True), refund("chargeback", True), refund("topup", False),
        refund("Refund", False), check("plan_setting", "'n_min'", 20),
    ]  # fmt: skip


CASES = [
    *metrics(),
    *event_order(),
    *running_total(),
    *tidy_metrics(),
    *json(),
    *lists(),
    *days(),
    *times(),
    *texts(),
]


@pytest.fixture(scope="module")
def engine() -> Iterator[None]:
    """The engine of the target, in this process."""
    with open_warehouse("clickhouse" if TARGET == "clickhouse" else "duckdb", workshop().paths):
        yield


@pytest.fixture(scope="module")
def said(engine: None) -> dict[int, str]:
    """What each case says, from few queries: engines limit the length of one."""
    workshop().dbt("seed", "--target", TARGET)
    said: dict[int, str] = {}
    for first in range(0, len(CASES), 50):
        said |= answers({number: CASES[number] for number in range(first, min(first + 50, len(CASES)))})
    return said


def answers(cases: dict[int, Case]) -> dict[int, str]:
    root = workshop().paths.root
    query = "\nunion all\n".join(case.query(number) for number, case in cases.items())
    outcome = invoke_dbt(
        [
            *("show", "--target", TARGET, "--limit", "-1", "--output", "json", "--log-level", "none"),
            *("--target-path", str(root / "target"), "--log-path", str(root / "logs"), "--inline", query),
        ],
        {"PLUMBLINE_DATA": str(root)},
    )
    assert outcome.success, outcome.exception or outcome.result.results[0].message
    return {int(row[0]): row[1] for row in outcome.result.results[0].agate_table.rows}


@pytest.mark.parametrize("number", range(len(CASES)), ids=[f"{n} {one}" for n, one in enumerate(CASES)])
def test_macro(number: int, said: dict[int, str]) -> None:
    assert said[number] == "as expected", CASES[number]


#: An error: nothing that a query could compare.
NO_VALUES = {"no_engine_body"}


def test_every_macro_has_cases(project_root: Path) -> None:
    written = {
        name
        for folder in FOLDERS
        for path in (project_root / folder).glob("*.sql")
        for name in re.findall(r"{%-? macro (\w+)\(", path.read_text())
        if name == path.stem and name not in NO_VALUES
    }
    assert {one.macro for one in CASES} == written | ROOT_MACROS
