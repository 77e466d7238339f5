"""Strict JSON, line by line: what is accepted, and which fault the rest has."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from plumbline.land.doubt import doubtful_lines
from plumbline.land.verdict import faults_of

GOOD = [
    b"{}",
    b'{"a": 1}',
    b' \t{"a" : [1, -0, 1.5e-7, true, false, null, "x"]} \r',
    '{"名称": "提示词", "b": "\u2028\u0085"}'.encode(),
    b'{"a": 123456789012345678901234567890}',
    b'{"a": 1e308, "b": 1e-999}',
    b'{"a": "\\ud83d\\ude00 \\u0000 \\/ \\" \\\\"}',
    b'{"a": {"a": {"a": 1}}, "b": [{"a": 1}, {"a": 2}]}',
    b'{"prompt_template_id": 1, "template_id": 2, "first_template_id": 3, "_id": 4, "id": 5, "d": 6, "": 7}',
    b'{"a": "{\\"a\\": 1, \\"a\\": 2}"}',
    b'{"a": "a", "b": "a\\":", "c": "a"}',
    b'{"a": ' + b"[" * 63 + b"]" * 63 + b"}",
    b'{"a": "' + b"[" * 100 + b'"}',
    b'{"a": [' + b", ".join([b"{}"] * 100) + b"]}",
]
FAULTY = [
    (b"", "blank_line"),
    (b" \t\r", "blank_line"),
    ("\u3000\u00a0".encode(), "blank_line"),
    (b'{"a": "\xff"}', "invalid_utf8"),
    (b'{"a": "\xed\xa0\x80"}', "invalid_utf8"),
    (b'{"a": "\xc3', "invalid_utf8"),
    (b'{"a": "\0"}', "nul_byte"),
    (b"\0", "nul_byte"),
    (b'{"a": ' + b"[" * 64 + b"]" * 64 + b"}", "nesting_too_deep"),
    (b'{"a": ' * 65 + b"1" + b"}" * 65, "nesting_too_deep"),
    (b"[" * 100_000, "nesting_too_deep"),
    (b'{"a" : ' * 2000 + b"1" + b"}" * 2000, "nesting_too_deep"),
    (b'{"a": 1', "invalid_json"),
    (b'{"a": 1,}', "invalid_json"),
    (b'{"a": NaN}', "invalid_json"),
    (b'{"a": -Infinity}', "invalid_json"),
    (b'{"a": 1e400}', "invalid_json"),
    (b'{"a": ' + b"9" * 400 + b"}", "invalid_json"),
    (b'{"a": ' + b"9" * 400 + b".5}", "invalid_json"),
    (b'{"a": 01}', "invalid_json"),
    (b'{"a": 1.}', "invalid_json"),
    (b'{"a": +1}', "invalid_json"),
    (b"{'a': 1}", "invalid_json"),
    (b'{"a": "\t"}', "invalid_json"),
    (b'{"a": "\\x"}', "invalid_json"),
    (b'{"a": "\\ud800"}', "invalid_json"),
    (b'{"a": "\\udc00\\ud800"}', "invalid_json"),
    (b'{"a": 1} {"b": 2}', "invalid_json"),
    (b'{"a": 1}\x0c', "invalid_json"),
    (b"\xef\xbb\xbf{}", "invalid_json"),
    ("\u00a0{}".encode(), "invalid_json"),
    (b'{"a": /* x */ 1}', "invalid_json"),
    (b'{"a": 1, "a": 2}', "duplicate_keys"),
    (b'{"a":1,"b":2,"a":1}', "duplicate_keys"),
    (b'{"a": {"b": [1, {"c": 1, "c": 2}]}}', "duplicate_keys"),
    (b'{"a" : 1, "a"\t: 2}', "duplicate_keys"),
    (b'{"a": 1, "\\u0061": 2}', "duplicate_keys"),
    (b'{"a_very_long_name_of_a_key": 1, "\\u0061_very_long_name_of_a_key": 2}', "duplicate_keys"),
    (b'{"name_\\u00610123456789ab": 1, "name_a0123456789ab": 2}', "duplicate_keys"),
    (b'{"name_\\u00610123456789abcd": 1, "name_a0123456789abcd": 2}', "duplicate_keys"),
    (b'{"a\\"b": 1, "a\\u0022b": 2}', "duplicate_keys"),
    (b'{"a": 99999999999999999999, "a": 1}', "duplicate_keys"),
    (b'{"": 1, "": 2}', "duplicate_keys"),
    (b"[]", "not_an_object"),
    (b'"text"', "not_an_object"),
    (b"12", "not_an_object"),
    (b"null", "not_an_object"),
    (b'[{"a": 1}]', "not_an_object"),
]


@pytest.mark.parametrize("line", GOOD)
def test_strict_objects_are_accepted(line: bytes) -> None:
    assert faults_of([line]) == {}


@pytest.mark.parametrize(("line", "fault"), FAULTY)
def test_each_other_line_has_its_fault(line: bytes, fault: str) -> None:
    assert faults_of([line]) == {0: fault}


def test_neighbours_do_not_matter() -> None:
    lines = [line for pair in zip(GOOD * 4, FAULTY, strict=False) for line in (pair[0], pair[1][0])]
    expected = {2 * at + 1: fault for at, (_, fault) in enumerate(FAULTY)}
    assert faults_of(lines) == expected
    assert faults_of([]) == {}


class Pairs(list):
    """An object as its pairs, so that a key can be said twice."""


KEYS = st.one_of(
    st.sampled_from(
        ["a", "b", "id", "user_id", "session_user_id", "the_session_user_id_of_the_event", "", "名", "😀"]
    ),
    st.text(max_size=20),
)
VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.text(max_size=30), st.just('":'), st.just('x": 1, "a": "')
    ),
    lambda inner: st.lists(inner, max_size=4) | st.lists(st.tuples(KEYS, inner), max_size=5).map(Pairs),
    max_leaves=12,
)


def says_a_key_twice(value: Any) -> bool:
    if isinstance(value, Pairs):
        keys = [key for key, _ in value]
        return len(set(keys)) < len(keys) or any(says_a_key_twice(inner) for _, inner in value)
    return isinstance(value, list) and any(map(says_a_key_twice, value))


def written(value: Any, draw: st.DataObject) -> str:
    """JSON text of a value, with escapes and white space as they come."""
    spaces = st.sampled_from(["", "", "", " ", "\t", " \r"])
    if isinstance(value, Pairs):
        pairs = [
            written(key, draw) + draw.draw(spaces) + ":" + draw.draw(spaces) + written(inner, draw)
            for key, inner in value
        ]
        return "{" + draw.draw(spaces) + ",".join(pairs) + draw.draw(spaces) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(written(inner, draw) for inner in value) + "]"
    if isinstance(value, str) and draw.draw(st.integers(0, 9)) == 0:
        units = value.encode("utf-16-be", "surrogatepass")
        return '"' + "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2)) + '"'
    return json.dumps(value, ensure_ascii=draw.draw(st.booleans()))


@given(st.lists(st.lists(st.tuples(KEYS, VALUES), max_size=6).map(Pairs), max_size=6), st.data())
@settings(max_examples=400, deadline=None)
def test_repeated_keys_are_found_wherever_they_are(objects: list[Pairs], draw: st.DataObject) -> None:
    lines = [written(value, draw).encode() for value in objects]
    expected = {at: "duplicate_keys" for at, value in enumerate(objects) if says_a_key_twice(value)}
    assert faults_of(lines) == expected


@given(st.lists(st.binary(max_size=60).map(lambda line: line.replace(b"\n", b"")), max_size=8))
@example([b'{"a":1}', b'"', b'":', b":", b"\\", b'{"a":1}'])
@settings(max_examples=300, deadline=None)
def test_no_bytes_break_the_judgement(lines: list[bytes]) -> None:
    alone = {at: fault for at, line in enumerate(lines) for fault in faults_of([line]).values()}
    assert faults_of(lines) == alone
    with_neighbour = faults_of([*lines, b'{"a": 1, "a": 2}'])
    assert with_neighbour == alone | {len(lines): "duplicate_keys"}


def test_few_lines_need_an_exact_look() -> None:
    """Speed rests on this: ordinary records are settled without it."""
    record = {
        "event": "x",
        "user_id": "u",
        "session_id": "s",
        "properties": {"job_id": 1, "processing_time_ms": 2},
    }
    flat = {f"column_{number}": number for number in range(200)}
    signs = {"x¢b": 1, "y¢b": 2, "Üa": 3, "text": 'he said: "a" \n C:\\'}
    lines = [json.dumps(value, ensure_ascii=False).encode() for value in (record, flat, signs)]
    assert doubtful_lines(lines, 64).tolist() == []
