"""ClickHouse as a server, by the environment: loading, a build, and what a user can get wrong.

No package holds a server, so ClickHouse's engine in another process answers HTTP (see clickhouse_over_http.py). That
shows what the driver and dbt's adapter ask, and what is said about errors; not TLS, users and rights, or a cluster.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from conftest import Command

from plumbline.clickhouse import ClickHouseWarehouse, open_clickhouse
from plumbline.demo import write_demo
from plumbline.engine import connect
from plumbline.paths import DataPaths

SERVER = Path(__file__).with_name("clickhouse_over_http.py")

StartServer = Callable[..., None]


@pytest.fixture
def paths(tmp_path: Path) -> DataPaths:
    """A small drop, and served files that nothing may touch."""
    paths = DataPaths(tmp_path / "data")
    write_demo(paths.raw, users=20, days=10, seed=5, dirty=0.05, start=date(2026, 1, 1))
    paths.serving.mkdir()
    (paths.serving / "plumbline.duckdb").write_text("published before")
    return paths


@pytest.fixture
def start_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StartServer]:
    """`start_server()` starts one with password `secret` and names it in the environment."""
    started = []

    def start(*rights: str) -> None:
        command = [sys.executable, str(SERVER), str(tmp_path / "server"), "secret", *rights]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(server)
        monkeypatch.setenv("PLUMBLINE_CLICKHOUSE_HOST", "127.0.0.1")
        monkeypatch.setenv("PLUMBLINE_CLICKHOUSE_PORT", server.stdout.readline().strip())
        monkeypatch.setenv("PLUMBLINE_CLICKHOUSE_PASSWORD", "secret")

    yield start
    for server in started:
        server.kill()
        server.communicate()


def count(paths: DataPaths, rows_of: str) -> int:
    with open_clickhouse(paths, paths.warehouse / "clickhouse.duckdb") as warehouse:
        return warehouse.rows(f"select count(*) from {rows_of}")[0][0]


def loaded(paths: DataPaths) -> list[int]:
    """Files, lines, and lines that are there once."""
    distinct = "(select distinct product, stream, file_sha256, line_no from {prefix}landed.lines)"
    return [count(paths, rows) for rows in ("{prefix}landed.files", "{prefix}landed.lines", distinct)]


def test_landed_lines_are_loaded_once(
    paths: DataPaths, start_server: StartServer, plumbline: Command
) -> None:
    start_server()
    assert plumbline("land", "--target", "clickhouse", "--data", paths.root)[0] == 0
    files, lines, distinct = loaded(paths)
    assert files > 50 and lines == distinct > 1000
    for name in ("again", "once more"):  # the same bytes under another name are another file of no new lines
        copied = next(paths.raw.glob("prompts/events/**/*.jsonl"))
        copied.with_name(f"{name}.jsonl").write_bytes(copied.read_bytes())
        assert plumbline("land", "--target", "clickhouse", "--data", paths.root)[0] == 0
        files += 1
        assert loaded(paths) == [files, lines, lines]
    assert plumbline("land", "--target", "clickhouse", "--data", paths.root)[0] == 0
    assert loaded(paths) == [files, lines, lines]


def test_a_load_that_was_stopped_is_made_again(
    paths: DataPaths, start_server: StartServer, plumbline: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_server()
    insert = ClickHouseWarehouse._insert

    def stopped_before_files(self: ClickHouseWarehouse, table: str, rows: pa.Table) -> None:
        if table == "files":
            raise KeyboardInterrupt
        insert(self, table, rows)

    with monkeypatch.context() as stopping:
        stopping.setattr(ClickHouseWarehouse, "_insert", stopped_before_files)
        assert plumbline("land", "--target", "clickhouse", "--data", paths.root)[0] == 1
    assert loaded(paths)[0] == 0 < loaded(paths)[1]
    assert plumbline("land", "--target", "clickhouse", "--data", paths.root)[0] == 0
    _, lines, distinct = loaded(paths)
    assert lines == distinct > 1000


def test_a_server_builds_and_serves(
    paths: DataPaths, start_server: StartServer, plumbline: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Databases get the prefix; served schemas do not."""
    start_server()
    monkeypatch.setenv("PLUMBLINE_CLICKHOUSE_PREFIX", "ours_")
    code, said = plumbline("build", "--target", "clickhouse", "--data", paths.root)
    assert code == 0, said
    with connect(paths.serving / "plumbline.duckdb", read_only=True) as served:
        rows = served.execute("select count(*) from marts.metrics_daily").fetchall()[0][0]
    assert rows == count(paths, "ours_marts.metrics_daily") > 100
    assert count(paths, "system.databases where name in ('landed', 'seeds', 'normalized', 'marts')") == 0
    assert plumbline("publish", "--target", "clickhouse", "--data", paths.root)[0] == 0


def wrong_password(monkeypatch: pytest.MonkeyPatch, start: StartServer) -> None:
    start()
    monkeypatch.setenv("PLUMBLINE_CLICKHOUSE_PASSWORD", "guess")


def nobody_there(monkeypatch: pytest.MonkeyPatch, start: StartServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed_again:
        port = closed_again.getsockname()[1]
    monkeypatch.setenv("PLUMBLINE_CLICKHOUSE_HOST", "127.0.0.1")
    monkeypatch.setenv("PLUMBLINE_CLICKHOUSE_PORT", str(port))


def no_such_host(monkeypatch: pytest.MonkeyPatch, start: StartServer) -> None:
    monkeypatch.setenv("PLUMBLINE_CLICKHOUSE_HOST", "nowhere.invalid")


def no_database(monkeypatch: pytest.MonkeyPatch, start: StartServer) -> None:
    start("may-not-create")


def no_number(monkeypatch: pytest.MonkeyPatch, start: StartServer) -> None:
    monkeypatch.setenv("PLUMBLINE_CLICKHOUSE_HOST", "127.0.0.1")
    monkeypatch.setenv("PLUMBLINE_CLICKHOUSE_PORT", "http")


def missing(package: str) -> Callable[[pytest.MonkeyPatch, StartServer], None]:
    def make_missing(monkeypatch: pytest.MonkeyPatch, start: StartServer) -> None:
        monkeypatch.setitem(sys.modules, package, None)

    return make_missing


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (wrong_password, "refuses user 'default': check PLUMBLINE_CLICKHOUSE_USER and"),
        (nobody_there, "cannot be reached: check PLUMBLINE_CLICKHOUSE_HOST"),
        (no_such_host, "ClickHouse at nowhere.invalid:8123 cannot be reached"),
        (no_database, "has no database that user 'default' may use: create it"),
        (no_number, "PLUMBLINE_CLICKHOUSE_PORT is 'http': it must be a number"),
        (missing("clickhouse_connect"), "pip install --editable '.[clickhouse]'"),
        (missing("chdb"), "(chdb is missing)"),
        (missing("dbt.adapters.clickhouse"), "(dbt.adapters.clickhouse is missing)"),
    ],
)
def test_what_is_wrong_is_one_sentence(
    paths: DataPaths,
    start_server: StartServer,
    plumbline: Command,
    monkeypatch: pytest.MonkeyPatch,
    wrong: Callable[[pytest.MonkeyPatch, StartServer], None],
    sentence: str,
) -> None:
    wrong(monkeypatch, start_server)
    for command in ("land", "build"):
        code, said = plumbline(command, "--target", "clickhouse", "--data", paths.root)
        assert code == 2
        assert sentence in said
        assert said.count("Error:") == 1 and "Traceback" not in said
    assert [path.name for path in paths.serving.iterdir()] == ["plumbline.duckdb"]
    assert (paths.serving / "plumbline.duckdb").read_text() == "published before"
