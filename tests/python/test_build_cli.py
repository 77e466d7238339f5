"""`plumbline build` and its neighbours on the real project: exit codes, sentences, what readers keep."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest
from conftest import Command

from plumbline import dbt_runner
from plumbline.paths import DataPaths

SERVED = ("plumbline.duckdb", "plumbline_restricted.duckdb")


@pytest.fixture
def demo_copy(built_demo: DataPaths, tmp_path: Path) -> DataPaths:
    """The built demo in a folder of its own, to do harm in."""
    shutil.copytree(built_demo.root, tmp_path / "data")
    return DataPaths(tmp_path / "data")


@pytest.fixture
def failing_project(project_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project with one more test, which always finds two rows."""
    copy = tmp_path / "project"
    for name in ("models", "macros", "seeds", "tests", "analyses"):
        if (project_root / name).exists():
            shutil.copytree(project_root / name, copy / name)
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(project_root / name, copy)
    (copy / "tests" / "always_two_rows.sql").write_text("select * from range(2)")
    monkeypatch.setattr(dbt_runner, "PROJECT_ROOT", copy)
    return copy


def served_bytes(paths: DataPaths) -> list[bytes]:
    return [(paths.serving / name).read_bytes() for name in SERVED]


def query(path: Path, sql: str) -> list[tuple]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_a_passing_build_is_stamped_and_served_under_one_id(built_demo: DataPaths) -> None:
    stamp = query(built_demo.warehouse / "build.duckdb", "select build_id, nodes from plumbline.build_stamp")
    assert stamp[0][1] > 50
    for name in SERVED:
        assert query(built_demo.serving / name, "select build_id from marts.build_info") == [(stamp[0][0],)]
    [(commit, invocation)] = query(
        built_demo.serving / SERVED[0], "select git_commit, dbt_invocation_id from marts.build_info"
    )
    assert commit and invocation
    assert query(
        built_demo.serving / SERVED[0],
        "select count(*) from duckdb_columns() where schema_name = 'marts' and comment is null",
    ) == [(0,)], "every served column carries its description"
    assert query(
        built_demo.serving / SERVED[0], "select distinct schema_name from duckdb_tables() order by 1"
    ) == [("marts",)]


def test_nothing_landed_builds_and_publishes_empty_marts(tmp_path: Path, plumbline: Command) -> None:
    code, said = plumbline("build", "--data", tmp_path)
    assert code == 0
    assert "Nothing received: app (" in said
    assert query(tmp_path / "serving" / SERVED[0], "select received_lines from marts.build_info") == [(0,)]


def test_a_clean_drop_builds_without_a_warning(tmp_path: Path, run_dbt, plumbline: Command) -> None:
    drop = ["--users", 200, "--days", 14, "--dirty", 0]
    assert plumbline("demo", "--out", tmp_path / "raw", *drop)[0] == 0
    assert plumbline("land", "--data", tmp_path)[0] == 0
    outcome = run_dbt(["build", "--warn-error"], tmp_path)
    assert outcome.success, [result.message for result in outcome.result if result.status != "success"]
    statuses = query(
        tmp_path / "warehouse" / "dev.duckdb", "select distinct status from normalized.line_status order by 1"
    )
    assert statuses == [("accepted",), ("duplicate",)], "versions of table rows are all that is set aside"
    assert query(
        tmp_path / "warehouse" / "dev.duckdb",
        "select distinct reason from normalized.line_status where status = 'duplicate'",
    ) == [("superseded",)]


def test_a_failed_test_publishes_nothing_and_is_named(
    demo_copy: DataPaths, failing_project: Path, plumbline: Command
) -> None:
    before = served_bytes(demo_copy)
    code, said = plumbline("build", "--data", demo_copy.root)
    assert code == 1
    assert "FAILED test always_two_rows: 2 rows" in said
    assert "where tests/always_two_rows.sql" in said
    compiled = demo_copy.warehouse / "target" / "compiled/plumbline/tests/always_two_rows.sql"
    assert str(compiled) in said
    assert compiled.exists()
    assert "1 failed" in said
    assert "Not published" in said
    assert served_bytes(demo_copy) == before
    code, said = plumbline("publish", "--data", demo_copy.root)
    assert code == 2
    assert "does not carry the stamp" in said
    assert served_bytes(demo_copy) == before


def test_a_selection_needs_nothing_else_to_be_built(tmp_path: Path, plumbline: Command) -> None:
    """Funnels are tested against products and events, which an empty warehouse does not have yet."""
    code, said = plumbline("build", "--data", tmp_path, "--select", "plan_funnels")
    assert (code, "not published (partial selection)" in said) == (0, True), said
    assert "1 of 1 models and seeds built" in said


def test_a_partial_selection_passes_and_is_not_published(demo_copy: DataPaths, plumbline: Command) -> None:
    before = served_bytes(demo_copy)
    code, said = plumbline("build", "--data", demo_copy.root, "--select", "build_info", "file_status")
    assert code == 0
    assert "not published (partial selection)" in said
    assert "2 of 2 models and seeds built" in said
    assert plumbline("publish", "--data", demo_copy.root)[0] == 2
    assert served_bytes(demo_copy) == before


def test_a_killed_build_cannot_be_published_and_the_next_one_mends_it(
    demo_copy: DataPaths, plumbline: Command
) -> None:
    before = served_bytes(demo_copy)
    kill_at_work(demo_copy)
    assert plumbline("publish", "--data", demo_copy.root)[0] == 2
    assert served_bytes(demo_copy) == before

    readers = [hold(demo_copy.serving / name) for name in SERVED]
    try:
        code, said = plumbline("build", "--data", demo_copy.root, "--as-of", "2026-01-20")
    finally:
        for reader in readers:
            reader.communicate(b"\n")
    assert code == 0, "a reader of the served files blocks nothing"
    assert served_bytes(demo_copy) != before
    for name in SERVED:
        as_of = query(demo_copy.serving / name, "select cast(as_of_date as varchar) from marts.build_info")
        assert as_of == [("2026-01-20",)]
    check_summary(demo_copy, said)


def kill_at_work(paths: DataPaths) -> None:
    """Starts a build in another process and kills it after its first model."""
    log = paths.warehouse / "logs" / "dbt.log"
    log.unlink()
    build = subprocess.Popen(
        [sys.executable, "-m", "plumbline.cli", "build", "--data", str(paths.root)], stdout=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 120
    while not (log.exists() and " OK created " in log.read_text()):
        assert build.poll() is None and time.monotonic() < deadline, "the build must be killed at work"
        time.sleep(0.05)
    os.kill(build.pid, signal.SIGKILL)
    build.wait()


def check_summary(paths: DataPaths, said: str) -> None:
    """The closing summary tells what became of every line, and where the results lie."""
    [counts] = query(
        paths.warehouse / "build.duckdb",
        """select count(*), count(*) filter (where status = 'accepted'),
            count(*) filter (where status = 'quarantined'), count(*) filter (where status = 'duplicate'),
            count(*) filter (where status = 'blank') from normalized.line_status""",
    )
    assert min(counts) > 0
    assert "all " + " ".join(f"{count:,}" for count in counts) in said
    report = paths.report / "build.html"
    for part in (
        "Landed 0 new lines from 0 new files",
        "Top reasons",
        "warning",
        "tests passed",
        "0 failed",
        "dbt build",
        "Published build",
        str(report),
    ):
        assert part in said
    for name in SERVED:
        assert str(paths.serving / name) in said
    assert "Top reasons" in report.read_text()


def test_any_dbt_run_takes_the_stamp_off(demo_copy: DataPaths, run_dbt, plumbline: Command) -> None:
    assert plumbline("publish", "--data", demo_copy.root)[0] == 0
    outcome = run_dbt(["run", "--target", "duckdb", "--select", "file_status"], demo_copy.root)
    assert outcome.success
    assert plumbline("publish", "--data", demo_copy.root)[0] == 2


def hold(path: Path) -> subprocess.Popen:
    """Another process that reads a database until its standard input closes."""
    script = f"import duckdb; c = duckdb.connect({str(path)!r}, read_only=True); print(1); input()"
    holder = subprocess.Popen(
        [sys.executable, "-u", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    holder.stdout.readline()
    return holder


def test_whoever_holds_the_build_database_is_named(demo_copy: DataPaths, plumbline: Command) -> None:
    before = served_bytes(demo_copy)
    holder = hold(demo_copy.warehouse / "build.duckdb")
    try:
        code, said = plumbline("build", "--data", demo_copy.root)
    finally:
        holder.communicate(b"\n")
    assert code == 2
    assert f"PID {holder.pid}" in said and "close that program" in said
    assert "Traceback" not in said
    assert served_bytes(demo_copy) == before


def test_one_build_at_a_time(demo_copy: DataPaths, plumbline: Command) -> None:
    import fcntl

    with (demo_copy.warehouse / ".build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        code, said = plumbline("build", "--data", demo_copy.root)
    assert code == 2
    assert "Another `plumbline build` is running" in said


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["build", "--as-of", "2026-3-1"], "is not a day; write it as YYYY-MM-DD"),
        (["build", "--as-of", "20260301"], "is not a day; write it as YYYY-MM-DD"),
        (["build", "--target", "oracle"], "no target 'oracle'"),
        (["build", "everything"], "use --select"),
        (["build", "--select", "no_such_model"], "matches no model"),
        (["publish"], "Run `plumbline build` first"),
        (["publish", "--to", "tape"], "'tape' is not"),
        (["demo", "--out", "drop", "--days", "0"], "Invalid value for '--days'"),
    ],
)
def test_usage_errors_are_a_sentence_and_exit_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plumbline: Command, arguments: list[str], sentence: str
) -> None:
    monkeypatch.setenv("PLUMBLINE_DATA", str(tmp_path))
    code, said = plumbline(*arguments)
    assert code == 2
    assert sentence in said
    assert "Traceback" not in said


@pytest.mark.parametrize("command", ["land", "build", "publish"])
def test_a_data_folder_that_is_none_is_a_sentence(tmp_path: Path, plumbline: Command, command: str) -> None:
    (tmp_path / "file").write_text("not a folder")
    code, said = plumbline(command, "--data", tmp_path / "file")
    assert code == 2
    assert str(tmp_path / "file") in said
    assert "Traceback" not in said
