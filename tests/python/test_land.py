"""Landing: every received byte is accounted for, once, whatever the files are like."""

from __future__ import annotations

import gzip
import hashlib
import json
import multiprocessing
import os
import random
import tempfile
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from plumbline.errors import PlumblineError
from plumbline.land import LandResult, ensure_landed_dir, land, landed, lander, lines, tables
from plumbline.paths import DataPaths

LINE = b'{"event": "x", "n": 1}'
TEXT = LINE + b"\n"


@pytest.fixture
def paths(tmp_path: Path) -> DataPaths:
    return DataPaths(tmp_path)


def receive(paths: DataPaths, name: str, content: bytes) -> Path:
    path = paths.raw / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def rows_of(paths: DataPaths) -> list[dict[str, Any]]:
    """Landed lines in the order of files and lines."""
    parts = sorted(paths.landed.glob("*/*/*.parquet"))
    rows = pa.concat_tables([pq.read_table(part) for part in parts]).to_pylist()
    return sorted(rows, key=lambda row: (row["source_file"], row["file_sha256"], row["line_no"]))


def files_of(paths: DataPaths) -> dict[str, dict[str, Any]]:
    """Manifest rows by path."""
    return {row["source_file"]: row for row in pq.read_table(paths.landed / "files.parquet").to_pylist()}


def texts_of(paths: DataPaths) -> list[tuple[str | None, str | None]]:
    return [(row["raw"], row["fault"]) for row in rows_of(paths)]


def zstd(content: bytes) -> bytes:
    return pa.compress(content, codec="zstd", asbytes=True)


def parquet(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return sink.getvalue().to_pybytes()


@contextmanager
def small_blocks(block: int = 7, part: int = 64, group: int = 5, many: int = 10**9) -> Iterator[None]:
    """Reads a few bytes at a time, so that cuts fall inside lines and characters."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "BLOCK", block)
        patch.setattr(tables, "BLOCK", block)
        patch.setattr(lines, "PART", part)
        patch.setattr(landed, "ROW_GROUP", group)
        patch.setattr(lander, "MANY_BYTES", many)
        yield


# --- what every kind of file becomes ------------------------------------------------------------------------

KINDS = {
    "a.jsonl": TEXT,
    "a.JSONL": TEXT,
    "a.json": TEXT,
    "a.log": TEXT,
    "a.2026-01-01": TEXT,
    "a": TEXT,
    "a.jsonl.gz": gzip.compress(TEXT),
    "a.json.GZ": gzip.compress(TEXT),
    "members.jsonl.gz": gzip.compress(TEXT[:9]) + gzip.compress(b"") + gzip.compress(TEXT[9:]),
    "a.jsonl.zst": zstd(TEXT),
    "frames.jsonl.zst": zstd(TEXT[:9]) + zstd(TEXT[9:]),
    "no_line_feed.jsonl": LINE,
    "crlf.jsonl": LINE + b"\r\n",
    "mark.jsonl": b"\xef\xbb\xbf" + TEXT,
    "mark.jsonl.gz": gzip.compress(b"\xef\xbb\xbf" + TEXT),
}


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_file_lands_its_line(paths: DataPaths, name: str) -> None:
    receive(paths, f"app/trades/{name}", KINDS[name])
    with small_blocks(block=1):
        assert land(paths).lines == 1
    assert texts_of(paths) == [(LINE.decode(), None)]
    told = files_of(paths)[f"app/trades/{name}"]
    assert (told["product"], told["stream"], told["status"], told["reason"]) == (
        "app",
        "trades",
        "landed",
        None,
    )
    assert (told["bytes"], told["lines"]) == (len(KINDS[name]), 1)
    assert told["file_sha256"] == hashlib.sha256(KINDS[name]).hexdigest()


UNREADABLE = {
    "cut.jsonl.gz": (gzip.compress(TEXT * 5000)[:-20], "bad_gzip"),
    "no_trailer.jsonl.gz": (gzip.compress(TEXT * 5000)[:-8], "bad_gzip"),
    "bent.jsonl.gz": (gzip.compress(TEXT)[:-5] + b"\0" + gzip.compress(TEXT)[-4:], "bad_gzip"),
    "plain.jsonl.gz": (TEXT * 2, "bad_gzip"),
    "tail.jsonl.gz": (gzip.compress(TEXT) + b"tail", "bad_gzip"),
    "cut.csv.gz": (gzip.compress(b"a,b\n" + b"1,2\n" * 9_000)[:-9], "bad_gzip"),
    "cut.jsonl.zst": (zstd(random.Random(1).randbytes(90_000))[:-9], "bad_gzip"),
    "plain.jsonl.zst": (TEXT * 2, "bad_gzip"),
    "text.parquet": (TEXT * 2, "bad_parquet"),
    "cut.parquet": (parquet(pa.table({"a": list(range(9999))}))[:-30], "bad_parquet"),
    "hole.parquet": (
        b"PAR1" + b"\xff" * 4000 + parquet(pa.table({"a": list(range(9999))}))[4004:],
        "bad_parquet",
    ),
    "utf16.jsonl": (TEXT.decode().encode("utf-16"), "utf16"),
    "utf16be.jsonl": (b"\xfe\xff" + TEXT.decode().encode("utf-16-be"), "utf16"),
    "utf16_without_mark.jsonl": (TEXT.decode().encode("utf-16-le"), "utf16"),
    "utf16.csv": ("a,b\n1,2\n".encode("utf-16"), "utf16"),
    "utf16.jsonl.gz": (gzip.compress(TEXT.decode().encode("utf-16")), "utf16"),
    "empty.jsonl": (b"", "empty_file"),
    "empty.jsonl.gz": (b"", "empty_file"),
    "empty.parquet": (b"", "empty_file"),
    "empty.csv": (b"", "empty_file"),
    "mark_only.jsonl": (b"\xef\xbb\xbf", "empty_file"),
    "nothing.jsonl.gz": (gzip.compress(b""), "empty_file"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_cannot_be_read_is_one_manifest_row(paths: DataPaths, name: str) -> None:
    content, reason = UNREADABLE[name]
    receive(paths, f"app/trades/{name}", content)
    receive(paths, "app/trades/good.jsonl", TEXT)
    with small_blocks(block=9_000):
        result = land(paths)
    assert (result.files, result.lines, result.unreadable, result.already_landed) == (1, 1, 1, 0)
    assert texts_of(paths) == [(LINE.decode(), None)]
    told = files_of(paths)[f"app/trades/{name}"]
    assert (told["status"], told["reason"], told["lines"]) == ("unreadable", reason, 0)
    assert told["bytes"] == len(content)
    assert not list(paths.landed.glob("**/*.partial"))
    assert land(paths).unreadable == 0  # told once


def test_lines_end_at_line_feeds_only(paths: DataPaths) -> None:
    inside = [f'{{"a": "x{mark}y"}}' for mark in "\u2028\u2029\u0085\x7f"]
    content = "\n".join([*inside, '{"a":\r1}', "x\x0by\x0cz\x1cw", "\r", " ", "", "\ufeff{}", "last\r"])
    receive(paths, "app/trades/a.jsonl", content.encode())
    land(paths)
    assert texts_of(paths) == [
        *((text, None) for text in inside),
        ('{"a":\r1}', None),
        ("x\x0by\x0cz\x1cw", "invalid_json"),
        ("", "blank_line"),
        (" ", "blank_line"),
        ("", "blank_line"),
        ("\ufeff{}", "invalid_json"),
        ("last", "invalid_json"),
    ]
    assert [row["line_no"] for row in rows_of(paths)] == list(range(1, 12))


def test_bytes_that_are_not_text_are_kept_in_hex(paths: DataPaths) -> None:
    receive(paths, "app/trades/a.jsonl", b'{"a": 1}\n{"a": "\xff\0"}\r\n{"a": "\0"}\n')
    land(paths)
    assert [(row["raw"], row["raw_hex"], row["fault"]) for row in rows_of(paths)] == [
        ('{"a": 1}', None, None),
        (None, b'{"a": "\xff\0"}'.hex(), "invalid_utf8"),
        ('{"a": "\0"}', None, "nul_byte"),
    ]


def test_the_longest_line_has_16_mebibytes(paths: DataPaths) -> None:
    frame = len(b'{"a": ""}')
    fits, too_long = (b'{"a": "' + b"x" * (16 * 2**20 - frame + more) + b'"}' for more in (0, 1))
    receive(paths, "app/trades/a.jsonl", b"\r\n".join([fits, LINE, too_long, LINE, too_long, fits, too_long]))
    land(paths)
    found = [(row["fault"], row["raw"] and len(row["raw"]), row["raw_hex"]) for row in rows_of(paths)]
    good, bad = (None, len(fits), None), ("line_too_long", None, None)
    assert found == [good, (None, len(LINE), None), bad, (None, len(LINE), None), bad, good, bad]


# --- conservation -------------------------------------------------------------------------------------------

PIECES = [
    *[
        b"\n",
        b"\n",
        b"\r\n",
        b"\r",
        b" ",
        b"\0",
        b"\xff",
        b"\xc3",
        b"\xef\xbb\xbf",
        b'"',
        b"\\",
        b":",
        b"{",
        b"[",
        b"}",
    ],
    *[
        "é".encode(),
        "😀".encode(),
        "\u2028".encode(),
        "\u0085".encode(),
        b'{"a": 1}',
        b'{"a": 1, "a": 2}',
        LINE,
        b"x" * 40,
    ],
]
BLOBS = st.lists(st.sampled_from(PIECES) | st.binary(max_size=9), max_size=40).map(b"".join)


@given(
    BLOBS, st.integers(1, 40), st.integers(16, 200), st.sampled_from(["a.jsonl", "a.jsonl.gz", "a.jsonl.zst"])
)
@example(b"\n" * 100, 1, 16, "a.jsonl")
@example(b"\r\n" * 100, 1, 16, "a.jsonl")
@example(b"x" * 300 + b"\n" + b"y" * 300, 3, 16, "a.jsonl")
@settings(max_examples=150, deadline=None)
def test_every_physical_line_lands_with_its_bytes(blob: bytes, block: int, part: int, name: str) -> None:
    pack = {"a.jsonl": bytes, "a.jsonl.gz": gzip.compress, "a.jsonl.zst": zstd}[name]
    with tempfile.TemporaryDirectory() as folder, small_blocks(block, part):
        paths = DataPaths(Path(folder))
        receive(paths, f"app/trades/{name}", pack(blob))
        land(paths)
        told, rows = files_of(paths)[f"app/trades/{name}"], rows_of(paths)
    blob = blob.removeprefix(b"\xef\xbb\xbf")
    received = [line.removesuffix(b"\r") for line in blob.removesuffix(b"\n").split(b"\n")] if blob else []
    if told["status"] == "unreadable":
        assert not rows
        assert told["reason"] == ("utf16" if blob else "empty_file")
        return
    assert [row["line_no"] for row in rows] == list(range(1, len(received) + 1))
    assert told["lines"] == len(received)
    for row, line in zip(rows, received, strict=True):
        kept = bytes.fromhex(row["raw_hex"]) if row["fault"] == "invalid_utf8" else row["raw"].encode()
        assert kept == line
        assert (row["raw"] is None) == (row["fault"] == "invalid_utf8") == (row["raw_hex"] is not None)


def test_a_large_file_lands_in_parts_by_processes(paths: DataPaths) -> None:
    content = b"".join(
        b'{"n": %d, "text": "%s"}\n' % (number, "é😀".encode() * (number % 9)) for number in range(900)
    )
    receive(paths, "app/trades/a.jsonl", content)
    receive(paths, "app/trades/b.jsonl.gz", gzip.compress(content))
    receive(paths, "app/trades/cut.jsonl.gz", gzip.compress(content)[:-1])
    with small_blocks(block=101, part=2000, many=0):
        result = land(paths)
    assert (result.files, result.lines, result.unreadable) == (2, 1800, 1)
    assert len(list(paths.landed.glob(f"app/trades/{hashlib.sha256(content).hexdigest()}-*.parquet"))) > 10
    for name in ("a.jsonl", "b.jsonl.gz"):
        rows = [row for row in rows_of(paths) if row["source_file"] == f"app/trades/{name}"]
        assert [row["raw"].encode() for row in rows] == content.splitlines()
        assert [row["line_no"] for row in rows] == list(range(1, 901))


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.csv"])
def test_memory_does_not_grow_with_the_file_or_its_lines(
    paths: DataPaths, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for module in (lines, tables, landed):
        monkeypatch.setattr(module, "MAX_LINE", 2**16)
    monkeypatch.setattr(lander, "WORKERS", 1)
    content = (b'{"a": "' + b"x" * 200 + b'"}\n') * 30_000 + b"y" * 6_000_000 + b"\n" + TEXT
    receive(paths, f"app/trades/{name}", gzip.compress(content, 1) if name.endswith("gz") else content)
    with small_blocks(block=2**16, part=2**20, group=1000):
        tracemalloc.start()
        land(paths)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert len(content) > 12_000_000
    assert peak < 3_000_000
    assert rows_of(paths)[-2]["fault"] == "line_too_long"


# --- once and only once -------------------------------------------------------------------------------------


def listing(paths: DataPaths) -> dict[str, bytes]:
    return {
        str(path.relative_to(paths.landed)): path.read_bytes() for path in paths.landed.rglob("*.parquet")
    }


def test_landing_again_changes_nothing(paths: DataPaths) -> None:
    receive(paths, "app/trades/a.jsonl", TEXT * 3)
    receive(paths, "app/trades/received_date=2026-01-02/copy.jsonl", TEXT * 3)
    receive(paths, "app/trades/broken.jsonl.gz", TEXT)
    assert land(paths).already_landed == 1
    before = listing(paths)
    again = land(paths)
    assert (again.files, again.lines, again.unreadable, again.already_landed) == (0, 0, 0, 0)
    assert listing(paths) == before


def test_the_same_bytes_land_once_in_a_stream(paths: DataPaths) -> None:
    first = receive(paths, "app/trades/received_date=2026-01-02/z.jsonl", TEXT)
    receive(paths, "app/trades/received_date=2026-01-03/a.jsonl", TEXT)
    receive(paths, "app/users/a.jsonl", TEXT)
    receive(paths, "blanklogo/trades/a.jsonl", TEXT)
    result = land(paths)
    assert (result.files, result.lines, result.already_landed) == (3, 3, 1)
    told = files_of(paths)
    assert told["app/trades/received_date=2026-01-02/z.jsonl"]["status"] == "landed"  # the first received
    copy = told["app/trades/received_date=2026-01-03/a.jsonl"]
    assert (copy["status"], copy["reason"], copy["lines"]) == ("already_landed", "already_landed", 0)

    first.rename(first.with_name("renamed.jsonl"))
    assert land(paths).already_landed == 1
    before = listing(paths)
    land(paths)
    assert listing(paths) == before
    assert len(rows_of(paths)) == 3
    assert len(files_of(paths)) == 5  # what was received stays told


def test_a_copy_under_a_name_that_can_be_read_still_lands(paths: DataPaths) -> None:
    receive(paths, "app/trades/a.jsonl.gz", TEXT)
    receive(paths, "app/trades/b.jsonl.gz", TEXT)
    receive(paths, "app/trades/c.jsonl", TEXT)
    receive(paths, "app/trades/d.jsonl", TEXT)
    result = land(paths)
    assert (result.files, result.lines, result.unreadable, result.already_landed) == (1, 1, 2, 1)


def test_a_changed_file_lands_beside_its_former_self(paths: DataPaths) -> None:
    path = receive(paths, "app/trades/a.jsonl", TEXT)
    land(paths)
    path.write_bytes(TEXT * 2)
    assert land(paths).lines == 2
    assert len(rows_of(paths)) == 3


def test_names_and_order_of_files_do_not_matter(tmp_path: Path) -> None:
    contents = [b"".join(b'{"n": %d}\n' % (number * step) for number in range(20)) for step in range(1, 6)]

    def landed_in(folder: str, names: list[str]) -> list[tuple[Any, ...]]:
        paths = DataPaths(tmp_path / folder)
        for name, content in zip(names, contents, strict=True):
            receive(paths, f"app/trades/received_date=2026-01-01/{name}.jsonl", content)
        land(paths)
        unnamed = ("product", "stream", "file_sha256", "line_no", "received_at", "raw", "raw_hex", "fault")
        return sorted((tuple(row[name] for name in unnamed) for row in rows_of(paths)), key=str)

    assert landed_in("one", list("abcde")) == landed_in("other", list("dbeca"))


def test_lines_that_were_removed_land_again(paths: DataPaths) -> None:
    receive(paths, "app/trades/a.jsonl", TEXT)
    receive(paths, "app/trades/b.jsonl", TEXT)
    land(paths)
    for part in paths.landed.glob("app/*/*"):
        part.unlink()
    result = land(paths)
    assert (result.files, result.already_landed, len(rows_of(paths))) == (1, 1, 1)


# --- crashes and neighbours ---------------------------------------------------------------------------------


def test_a_landing_that_is_stopped_shows_no_part_of_a_file(
    paths: DataPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive(paths, "app/trades/received_date=2026-01-01/first.jsonl", TEXT)
    receive(paths, "app/trades/received_date=2026-01-02/second.jsonl", TEXT * 200)
    write, written = landed.LineWriter.write, []

    def failing(writer: landed.LineWriter, batch: lines.Batch) -> None:
        written.append(batch)
        if len(written) > 4:
            raise KeyboardInterrupt
        write(writer, batch)

    monkeypatch.setattr(landed.LineWriter, "write", failing)
    monkeypatch.setattr(lander, "WORKERS", 1)
    with small_blocks(block=100, part=1000), pytest.raises(KeyboardInterrupt):
        land(paths)
    assert [row["source_file"] for row in rows_of(paths)] == [
        "app/trades/received_date=2026-01-01/first.jsonl"
    ]
    assert len(files_of(paths)) == 1
    assert list(paths.landed.glob("**/*.partial"))

    monkeypatch.undo()
    assert land(paths).lines == 200
    assert len(rows_of(paths)) == 201
    assert not list(paths.landed.glob("**/*.partial"))


def test_a_landing_that_is_killed_before_the_manifest_is_repeated(
    paths: DataPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive(paths, "app/trades/a.jsonl", TEXT * 200)
    with monkeypatch.context() as patch, small_blocks(part=100):
        patch.setattr(lander, "write_manifest", lambda *_: None)
        land(paths)
    assert len(list(paths.landed.glob("app/trades/*.parquet"))) > 1
    assert land(paths).lines == 200
    assert len(rows_of(paths)) == 200
    assert len(list(paths.landed.glob("app/trades/*.parquet"))) == 1


def test_landings_at_the_same_time_land_each_file_once(paths: DataPaths) -> None:
    for number in range(40):
        receive(paths, f"app/trades/{number}.jsonl", b'{"n": %d}\n' % number * 50)
    context = multiprocessing.get_context("spawn")
    others = [context.Process(target=land, args=(paths,)) for _ in range(3)]
    for other in others:
        other.start()
    for other in others:
        other.join()
    assert [other.exitcode for other in others] == [0, 0, 0]
    assert len(rows_of(paths)) == 2000
    assert [row["status"] for row in files_of(paths).values()] == ["landed"] * 40


# --- who, where, when ---------------------------------------------------------------------------------------


def test_arrival_is_the_end_of_the_day_in_the_path_else_the_landing(paths: DataPaths) -> None:
    folders = {
        "received_date=2026-03-01": datetime(2026, 3, 1, 23, 59, 59, 999999),
        "deep/received_date=2026-03-02/er": datetime(2026, 3, 2, 23, 59, 59, 999999),
        "received_date=2026-03-01/received_date=2026-03-03": datetime(2026, 3, 3, 23, 59, 59, 999999),
        "received_date=2026-13-40": None,
        "received_date=20260301": None,
        "received_date=": None,
        ".": None,
    }
    for number, folder in enumerate(folders):
        receive(paths, f"app/trades/{folder}/{number}.jsonl", b'{"n": %d}' % number)
    before = datetime.now(UTC).replace(tzinfo=None)
    land(paths)
    after = datetime.now(UTC).replace(tzinfo=None)
    arrivals = {row["raw"]: row["received_at"] for row in rows_of(paths)}
    for number, expected in enumerate(folders.values()):
        arrival = arrivals[f'{{"n": {number}}}']
        assert arrival == expected or (expected is None and before <= arrival <= after)
    assert {row["stream"] for row in rows_of(paths)} == {"trades"}


def test_every_file_of_the_drop_is_told_wherever_it_lies(paths: DataPaths) -> None:
    places = {
        "top.jsonl": ("(none)", "(none)"),
        "app/high.jsonl": ("app", "(none)"),
        "app/received_date=2026-01-01/dated.jsonl": ("app", "(none)"),
        "app/trades/a/b/c/deep.jsonl": ("app", "trades"),
        "un known/stréam ' \"[*]/odd name?.jsonl": ("un known", "stréam ' \"[*]"),
    }
    for number, name in enumerate(places):
        receive(paths, name, b'{"n": %d}' % number)
    for name in (
        ".hidden.jsonl",
        "_SUCCESS",
        "app/_tmp/a.jsonl",
        "_truth/planted.csv",
        "app/trades/.a.jsonl.swp",
    ):
        receive(paths, name, b"not part of the drop")
    os.mkfifo(paths.raw / "app/pipe")
    (paths.raw / "app/gone").symlink_to("nowhere")
    (paths.raw / "app/again").symlink_to(paths.raw, target_is_directory=True)
    undecodable = os.fsencode(paths.raw / "app/trades") + b"/caf\xe9.jsonl"
    Path(os.fsdecode(undecodable)).write_bytes(b'{"n": -1}')
    land(paths)
    told = {name: (row["product"], row["stream"]) for name, row in files_of(paths).items()}
    assert told == places | {"app/trades/caf\\xe9.jsonl": ("app", "trades")}
    assert len(rows_of(paths)) == len(told)


def test_the_schema_is_the_one_that_staging_reads(paths: DataPaths) -> None:
    ensure_landed_dir(paths)
    with duckdb.connect() as connection:

        def columns(pattern: str) -> list[tuple[str, str]]:
            query = f"describe select * from read_parquet('{paths.landed}/{pattern}')"
            return [row[:2] for row in connection.execute(query).fetchall()]

        text = ["product", "stream", "source_file", "file_sha256"]
        line = [(name, "VARCHAR") for name in text] + [("line_no", "BIGINT"), ("received_at", "TIMESTAMP")]
        line += [("raw", "VARCHAR"), ("raw_hex", "VARCHAR"), ("fault", "VARCHAR")]
        file = [(name, "VARCHAR") for name in text] + [("received_at", "TIMESTAMP"), ("bytes", "BIGINT")]
        file += [("lines", "BIGINT"), ("status", "VARCHAR"), ("reason", "VARCHAR")]
        assert columns("*/*/*.parquet") == line
        assert columns("files.parquet") == file
        receive(paths, "app/trades/a.jsonl", TEXT)
        land(paths)
        assert columns("*/*/*.parquet") == columns("app/trades/*.parquet") == line
        assert columns("files.parquet") == file


def test_filters_on_file_and_stream_can_skip_row_groups(paths: DataPaths) -> None:
    receive(paths, "app/trades/a.jsonl", TEXT * 12)
    with small_blocks(block=50, part=9999):
        land(paths)
    metadata = pq.ParquetFile(next(paths.landed.glob("app/trades/*.parquet"))).metadata
    assert [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)] == [4, 4, 4]
    first = {column.path_in_schema: column for column in map(metadata.row_group(0).column, range(9))}
    assert first["product"].statistics.min == first["product"].statistics.max == "app"
    assert first["file_sha256"].statistics.min == hashlib.sha256(TEXT * 12).hexdigest()
    assert first["line_no"].statistics.max == 4


def test_an_absent_drop_lands_nothing(paths: DataPaths) -> None:
    result = land(paths)
    assert result == LandResult(0, 0, 0, 0, result.seconds)
    assert rows_of(paths) == []
    assert files_of(paths) == {}


def test_progress_tells_files_done_of_all(paths: DataPaths) -> None:
    receive(paths, "app/trades/a.jsonl", TEXT)
    land(paths)
    receive(paths, "app/trades/b.jsonl", TEXT * 2)
    receive(paths, "app/trades/c.jsonl", TEXT * 3)
    calls: list[tuple[str, int, int]] = []
    land(paths, progress=lambda *call: calls.append(call))
    assert calls == [("app/trades/b.jsonl", 2, 3), ("app/trades/c.jsonl", 3, 3)]


def test_what_the_user_can_mend_is_a_sentence(paths: DataPaths) -> None:
    receive(paths, "app/trades/a.jsonl", TEXT)
    paths.landed.write_text("a file where the folder should be")
    with pytest.raises(PlumblineError, match="landed"):
        land(paths)
    paths.landed.unlink()
    land(paths)
    (paths.landed / "files.parquet").write_text("no manifest")
    with pytest.raises(PlumblineError, match=r"files\.parquet"):
        land(paths)


# --- tables -------------------------------------------------------------------------------------------------


def test_csv_records_become_objects_of_text(paths: DataPaths) -> None:
    content = (
        b'\xef\xbb\xbfid, name ,"per%cent"\r\n'
        b"1,\xe5\x90\x8d,\r\n"
        b'2,"says ""hi"", twice\r\nover",{"x": 1}\r\n'
        b"\r\n"
        b"3,only two\r\n"
        b"4,one,too,many\r\n"
        b"5,\xff,x\r\n"
        b"6,a\0b,x\r\n"
        b'7,bad"quote,x\r\n'
        b'8,"bad"quote,x\r\n'
        b"9,007,NaN"
    )
    receive(paths, "app/trades/a.csv", content)
    with small_blocks():
        land(paths)
    found = [(row["line_no"], row["raw"], row["fault"]) for row in rows_of(paths)]
    names = ("id", "name", "per%cent")

    def record(*cells: str) -> str:
        return json.dumps(dict(zip(names, cells, strict=True)), ensure_ascii=False)

    assert found == [
        (2, record("1", "名", ""), None),
        (3, record("2", 'says "hi", twice\r\nover', '{"x": 1}'), None),
        (5, "", "blank_line"),
        (6, "3,only two", "not_an_object"),
        (7, "4,one,too,many", "not_an_object"),
        (8, None, "invalid_utf8"),
        (9, "6,a\0b,x", "nul_byte"),
        (10, record("7", 'bad"quote', "x"), None),
        (11, '8,"bad"quote,x', "not_an_object"),
        (12, record("9", "007", "NaN"), None),
    ]
    assert rows_of(paths)[5]["raw_hex"] == b"5,\xff,x".hex()


@pytest.mark.parametrize(
    ("header", "fault", "raw"),
    [
        (b"a,a", "duplicate_keys", '{"a": "1", "a": "2"}'),
        (b"a,\xff", "invalid_utf8", None),
        (b"a,\0", "nul_byte", "1,2"),
        (b'a,"b"c', "not_an_object", "1,2"),
        (b"\n\na,b", None, '{"a": "1", "b": "2"}'),
    ],
)
def test_the_fault_of_a_csv_header_is_the_fault_of_its_records(
    paths: DataPaths, header: bytes, fault: str | None, raw: str | None
) -> None:
    receive(paths, "app/trades/a.csv", header + b"\n1,2\n")
    land(paths)
    (row,) = rows_of(paths)
    assert (row["fault"], row["raw"]) == (fault, raw)
    assert row["raw_hex"] == (b"1,2".hex() if fault == "invalid_utf8" else None)


def test_a_csv_file_may_hold_no_records(paths: DataPaths) -> None:
    receive(paths, "app/trades/a.csv", b"a,b\n")
    receive(paths, "app/trades/b.csv", b"\n")
    result = land(paths)
    assert (result.files, result.lines) == (2, 0)


def test_an_open_quote_does_not_swallow_more_than_a_line_may_hold(
    paths: DataPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (lines, tables, landed):
        monkeypatch.setattr(module, "MAX_LINE", 100)
    receive(
        paths,
        "app/trades/a.csv",
        b'a,b\n1,"open\n' + b"2,x\n" * 40 + b'3,"' + b"y" * 200 + b'"\n4,z\n5,"end\n',
    )
    land(paths)
    found = [(row["line_no"], row["raw"], row["fault"]) for row in rows_of(paths)]
    assert found[0] == (2, None, "line_too_long")
    assert found[1][1:] == ('{"a": "2", "b": "x"}', None)
    assert found[-3:] == [
        (43, None, "line_too_long"),
        (44, '{"a": "4", "b": "z"}', None),
        (45, '5,"end', "not_an_object"),
    ]


@given(st.lists(st.lists(st.text(max_size=9), min_size=2, max_size=2), max_size=9), st.integers(1, 30))
@settings(max_examples=60, deadline=None)
def test_csv_cells_come_back_as_written(records: list[list[str]], block: int) -> None:
    def cell(text: str) -> str:
        return '"' + text.replace('"', '""') + '"'

    with tempfile.TemporaryDirectory() as folder, small_blocks(block):
        paths = DataPaths(Path(folder))
        content = "a,b\r\n" + "".join(",".join(map(cell, record)) + "\r\n" for record in records)
        receive(paths, "app/trades/a.csv", content.encode())
        land(paths)
        rows = rows_of(paths)
    for row, record in zip(rows, records, strict=True):
        if "\0" in "".join(record):
            assert row["fault"] == "nul_byte"
        else:
            assert row["fault"] is None
            assert json.loads(row["raw"]) == dict(zip("ab", record, strict=True))


def test_parquet_rows_become_objects(paths: DataPaths) -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, 678901)
    hour_east = pa.timestamp("ns", tz="Asia/Shanghai")
    columns = {
        "text": pa.array(['é"\\\n%', None]),
        "whole": pa.array([2**63 - 1, None]),
        "number": pa.array([0.1, None]),
        "money": pa.array([Decimal("12.30"), None]),
        "flag": pa.array([True, None]),
        "day": pa.array([date(2026, 1, 2), None]),
        "plain": pa.array([moment, None], pa.timestamp("us")),
        "utc": pa.array([moment, None], pa.timestamp("ms", tz="UTC")),
        "zoned": pa.array([moment, None], hour_east),
        "kind": pa.array(["a", None]).dictionary_encode(),
        "bytes": pa.array([b"text", None]),
        "nested": pa.array([{"a": [1, None], "at": moment}, None]),
        "map": pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int64())),
        "nothing": pa.nulls(2),
    }
    receive(paths, "app/trades/a.parquet", parquet(pa.table(columns)))
    land(paths)
    first, second = rows_of(paths)
    assert (first["line_no"], first["fault"], second["line_no"], second["fault"]) == (1, None, 2, None)
    assert json.loads(first["raw"], parse_float=str) == {
        "text": 'é"\\\n%',
        "whole": 2**63 - 1,
        "number": "0.1",
        "money": "12.30",
        "flag": True,
        "day": "2026-01-02",
        "plain": "2026-01-02T03:04:05.678901",
        "utc": "2026-01-02T03:04:05.678000Z",
        "zoned": "2026-01-02T03:04:05.678901Z",
        "kind": "a",
        "bytes": "text",
        "nested": {"a": [1, None], "at": "2026-01-02T03:04:05.678901"},
        "map": {"k": 1},
        "nothing": None,
    }
    assert json.loads(second["raw"]) == dict.fromkeys(columns)


def test_parquet_values_that_json_cannot_hold_are_faults_of_their_row(paths: DataPaths) -> None:
    broken = pa.array([b"ok", b"\xff", b"\0", b"ok"])
    text = pa.Array.from_buffers(pa.string(), 4, pa.array(broken).buffers())
    table = pa.table({"a": text, "b": [1.0, 1.0, 1.0, float("nan")]})
    receive(paths, "app/trades/a.parquet", parquet(table))
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    receive(paths, "app/trades/b.parquet", parquet(twice))
    receive(paths, "app/trades/c.parquet", parquet(table.slice(0, 0)))
    assert land(paths).files == 3
    assert [row["fault"] for row in rows_of(paths)] == [
        None,
        "invalid_utf8",
        None,
        "invalid_json",
        "duplicate_keys",
    ]
    assert rows_of(paths)[1]["raw_hex"] == b'{"a": "\xff", "b": 1.0}'.hex()
    assert json.loads(rows_of(paths)[2]["raw"])["a"] == "\0"


@given(
    st.binary(max_size=300),
    st.sampled_from(["a.jsonl", "a.jsonl.gz", "a.jsonl.zst", "a.csv", "a.csv.gz", "a.parquet"]),
)
@settings(max_examples=120, deadline=timedelta(seconds=20))
def test_no_bytes_break_the_landing(blob: bytes, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        paths = DataPaths(Path(folder))
        receive(paths, f"app/trades/{name}", blob)
        if name.endswith(".gz"):
            receive(paths, f"app/trades/b.{name}", gzip.compress(blob))
        land(paths)
        assert len(rows_of(paths)) == sum(row["lines"] for row in files_of(paths).values())
