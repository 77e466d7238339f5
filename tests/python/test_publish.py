"""Publication: whole, atomic, only of a stamped build, and never in a reader's way."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from plumbline.errors import PlumblineError
from plumbline.paths import DataPaths
from plumbline.publish import Stamp, publish_duckdb, read_stamp, remove_stamp, write_stamp

OPEN, RESTRICTED = "plumbline.duckdb", "plumbline_restricted.duckdb"


@pytest.fixture
def paths(tmp_path: Path) -> DataPaths:
    (tmp_path / "warehouse").mkdir()
    return DataPaths(tmp_path)


def build_database(paths: DataPaths, build_id: str, stamped: bool = True, rows: int = 1000) -> None:
    """A hand-made build: every row of every mart carries the build's id."""
    with duckdb.connect(str(paths.warehouse / "build.duckdb")) as connection:
        connection.execute("create schema if not exists marts; create schema if not exists marts_sensitive")
        connection.execute("create schema if not exists normalized")
        connection.execute("create or replace table normalized.events as select 1 as secret")
        connection.execute(f"create or replace table marts.build_info as select '{build_id}' as build_id")
        for table in ("marts.first", "marts.second", "marts_sensitive.people"):
            connection.execute(
                f"create or replace table {table} as"
                f" select i, '{build_id}' as build_id from range({rows}) t(i)"
            )
        remove_stamp(connection)
        if stamped:
            write_stamp(connection, Stamp(build_id, "invocation", datetime(2026, 3, 1), "c0ffee", 12))


def ids_in(served: Path) -> set[str]:
    """The build ids found in all rows of a served file, read as any reader would."""
    with duckdb.connect(str(served), read_only=True) as connection:
        tables = connection.execute("select schema_name || '.' || table_name from duckdb_tables()").fetchall()
        return {
            build_id
            for (table,) in tables
            for (build_id,) in connection.execute(f"select distinct build_id from {table}").fetchall()
        }


def test_open_file_holds_marts_only_and_restricted_holds_both(paths: DataPaths) -> None:
    build_database(paths, "b1")
    published = publish_duckdb(paths)
    for name, schemas in ((OPEN, ["marts"]), (RESTRICTED, ["marts", "marts_sensitive"])):
        with duckdb.connect(str(paths.serving / name), read_only=True) as connection:
            found = connection.execute(
                "select distinct schema_name from duckdb_tables() order by 1"
            ).fetchall()
            assert [schema for (schema,) in found] == schemas
    assert published.build_id == "b1"
    assert published.files == {paths.serving / RESTRICTED: (4, 3001), paths.serving / OPEN: (3, 2001)}
    assert sorted(path.name for path in paths.serving.iterdir()) == [".lock", OPEN, RESTRICTED]


def test_types_keys_checks_and_comments_survive(paths: DataPaths) -> None:
    build_database(paths, "b1")
    with duckdb.connect(str(paths.warehouse / "build.duckdb")) as connection:
        connection.execute("create table marts.owner (id integer primary key)")
        connection.execute(
            """create table marts.detail (
                "Key Column" varchar primary key, owner_id integer references marts.owner (id),
                day date not null, amount decimal(18, 2) check (amount >= 0), tags varchar[],
                pair struct(a integer, b varchar), state enum ('on', 'off'), unique (day))"""
        )
        connection.execute("insert into marts.owner values (1)")
        connection.execute(
            "insert into marts.detail values ('k', 1, '2026-03-01', 1.25, ['x'], {a: 1, b: 'y'}, 'on')"
        )
        connection.execute("comment on table marts.detail is 'It''s \"quoted\"; 指标'")
        connection.execute("comment on column marts.detail.\"Key Column\" is 'the key'")
        connection.execute("create view marts.seen as select day, amount from marts.detail")
        connection.execute(
            "comment on view marts.seen is 'a view'; comment on column marts.seen.day is 'the day'"
        )

    def facts(path: Path) -> list[list[tuple]]:
        with duckdb.connect(str(path), read_only=True) as connection:
            return [
                connection.execute(query).fetchall()
                for query in (
                    "select table_name, column_name, data_type, comment, is_nullable from duckdb_columns()"
                    " where schema_name = 'marts' order by all",
                    "select table_name, constraint_type, constraint_text from duckdb_constraints()"
                    " where schema_name = 'marts' order by all",
                    "select table_name, comment from duckdb_tables() where schema_name = 'marts'"
                    " union all select view_name, comment from duckdb_views() where schema_name = 'marts'"
                    " order by all",
                    "select * from marts.detail",
                    "select * from marts.seen",
                )
            ]

    publish_duckdb(paths)
    built = facts(paths.warehouse / "build.duckdb")
    assert {constraint for _, constraint, _ in built[1]} == {
        "PRIMARY KEY",
        "FOREIGN KEY",
        "CHECK",
        "UNIQUE",
        "NOT NULL",
    }
    for name in (OPEN, RESTRICTED):
        assert facts(paths.serving / name) == built


@pytest.mark.parametrize(
    "case", ["never stamped", "stamp removed", "another build in build_info", "no database"]
)
def test_refuses_what_is_no_passing_build_and_leaves_the_files_alone(paths: DataPaths, case: str) -> None:
    build_database(paths, "b1")
    publish_duckdb(paths)
    before = [(paths.serving / name).read_bytes() for name in (OPEN, RESTRICTED)]
    database = paths.warehouse / "build.duckdb"
    if case == "never stamped":
        build_database(paths, "b2", stamped=False)
    elif case == "no database":
        database.unlink()
    else:
        with duckdb.connect(str(database)) as connection:
            if case == "stamp removed":
                remove_stamp(connection)
            else:
                connection.execute("update marts.build_info set build_id = 'b2'")
    with pytest.raises(PlumblineError, match="plumbline build") as refusal:
        publish_duckdb(paths)
    assert "build.duckdb" in str(refusal.value)
    assert [(paths.serving / name).read_bytes() for name in (OPEN, RESTRICTED)] == before


def test_stamp_is_read_back_and_can_be_removed(paths: DataPaths) -> None:
    build_database(paths, "b1")
    with duckdb.connect(str(paths.warehouse / "build.duckdb")) as connection:
        assert read_stamp(connection, "build") == Stamp(
            "b1", "invocation", datetime(2026, 3, 1), "c0ffee", 12
        )
        remove_stamp(connection)
        remove_stamp(connection)
        assert read_stamp(connection, "build") is None


def test_a_locked_database_is_one_sentence(paths: DataPaths) -> None:
    build_database(paths, "b1")
    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print(1, flush=True); input()"
    holder = subprocess.Popen(
        [sys.executable, "-c", hold, str(paths.warehouse / "build.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        holder.stdout.readline()
        with pytest.raises(PlumblineError, match=rf"in use by .*PID {holder.pid}.*close that program"):
            publish_duckdb(paths)
    finally:
        holder.communicate(b"\n")


WRITER = """
import duckdb, os, sys
connection = duckdb.connect(sys.argv[1])
connection.execute("create table marts.scribble as select 'b1' as build_id")
os._exit(9)
"""


def test_served_files_are_read_only_and_a_stale_log_is_cleared(paths: DataPaths) -> None:
    build_database(paths, "b1")
    publish_duckdb(paths)
    for name, permissions in ((OPEN, 0o444), (RESTRICTED, 0o440)):
        served = paths.serving / name
        assert served.stat().st_mode & 0o777 == permissions
        served.chmod(0o644)
        subprocess.run([sys.executable, "-c", WRITER, str(served)])
        assert served.with_name(f"{name}.wal").exists(), "the writer left a log behind"
    build_database(paths, "b2")
    publish_duckdb(paths)
    assert [ids_in(paths.serving / name) for name in (OPEN, RESTRICTED)] == [{"b2"}, {"b2"}]
    assert sorted(path.name for path in paths.serving.iterdir()) == [".lock", OPEN, RESTRICTED]


def test_a_crash_between_the_two_files_leaves_both_whole(paths: DataPaths, monkeypatch) -> None:
    build_database(paths, "b1")
    publish_duckdb(paths)
    build_database(paths, "b2")
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        replaced, replace = [], os.replace

        def crash_on_the_second(fresh: Path, served: Path) -> None:
            if replaced:
                raise KeyboardInterrupt
            replaced.append(served)
            replace(fresh, served)

        patched.setattr(os, "replace", crash_on_the_second)
        publish_duckdb(paths)
    assert ids_in(paths.serving / RESTRICTED) == {"b2"}
    assert ids_in(paths.serving / OPEN) == {"b1"}
    publish_duckdb(paths)
    assert ids_in(paths.serving / OPEN) == {"b2"}


def test_a_reader_keeps_its_file_and_blocks_nothing(paths: DataPaths) -> None:
    build_database(paths, "b1")
    publish_duckdb(paths)
    with duckdb.connect(str(paths.serving / OPEN), read_only=True) as reader:
        build_database(paths, "b2")
        publish_duckdb(paths)
        assert reader.execute("select distinct build_id from marts.first").fetchall() == [("b1",)]
    assert ids_in(paths.serving / OPEN) == {"b2"}


READER = """
import duckdb, sys, time
path, stop = sys.argv[1], time.monotonic() + float(sys.argv[2])
reads, seen, bad = 0, set(), []
while time.monotonic() < stop:
    try:
        with duckdb.connect(path, read_only=True) as connection:
            ids = {row[0] for table in ("build_info", "first", "second")
                   for row in connection.execute(f"select distinct build_id from marts.{table}").fetchall()}
    except Exception as error:
        bad.append(repr(error))
    else:
        reads, seen = reads + 1, seen | ids
        if len(ids) != 1:
            bad.append(f"mixed: {ids}")
print(reads, len(seen), bad[:3])
"""


def test_concurrent_readers_never_see_a_mixed_or_missing_state(paths: DataPaths) -> None:
    build_database(paths, "b0")
    publish_duckdb(paths)
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER, str(paths.serving / name), "4"], stdout=subprocess.PIPE, text=True
        )
        for name in (OPEN, RESTRICTED)
    ]
    publishes = 0
    while any(reader.poll() is None for reader in readers):
        publishes += 1
        build_database(paths, f"b{publishes}")
        publish_duckdb(paths)
    for reader in readers:
        reads, seen, bad = reader.communicate()[0].split(maxsplit=2)
        assert bad.strip() == "[]"
        assert int(reads) > 5 and int(seen) > 2, "the readers must have met several builds"


def test_two_publishers_wait_for_each_other(paths: DataPaths) -> None:
    build_database(paths, "b1")
    errors: list[BaseException] = []

    def publish() -> None:
        try:
            publish_duckdb(paths)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=publish) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert ids_in(paths.serving / OPEN) == {"b1"}


PUBLISHER = """
import pathlib, sys
from plumbline.paths import DataPaths
from plumbline.publish import publish_duckdb
print("at work", flush=True)
publish_duckdb(DataPaths(pathlib.Path(sys.argv[1])))
"""


def test_killed_publishers_leave_the_old_or_the_new_files(paths: DataPaths) -> None:
    build_database(paths, "b0", rows=200_000)
    publish_duckdb(paths)
    command = [sys.executable, "-c", PUBLISHER, str(paths.root)]
    dice, killed = random.Random(7), 0
    for round_ in range(1, 13):
        build_database(paths, f"b{round_}", rows=200_000)
        publisher = subprocess.Popen(command, stdout=subprocess.PIPE)
        publisher.stdout.readline()
        time.sleep(dice.uniform(0.0, 0.25))
        os.kill(publisher.pid, signal.SIGKILL)
        killed += publisher.wait() == -signal.SIGKILL
        publisher.stdout.close()
        seen_open, seen_restricted = ids_in(paths.serving / OPEN), ids_in(paths.serving / RESTRICTED)
        assert len(seen_open) == len(seen_restricted) == 1
        assert int(min(seen_open)[1:]) <= int(min(seen_restricted)[1:]), (
            "the restricted file is replaced first"
        )
    assert killed > 3, "the publisher must have been killed at work"
    publish_duckdb(paths)
    assert sorted(path.name for path in paths.serving.iterdir()) == [".lock", OPEN, RESTRICTED]
