"""One drop, two engines: `plumbline build` on DuckDB and on ClickHouse in its own process say the same.

Tables are found in dbt's manifest, so a new model is compared without a word here.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import parity
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from adversary import Adversary, as_drop

from plumbline.demo import write_demo
from plumbline.engine import connect, quoted
from plumbline.land import land
from plumbline.paths import DataPaths

ENGINES = ("duckdb", "clickhouse")


@dataclass(frozen=True)
class Twins:
    """The same landed lines, built by each engine, and the ClickHouse tables as Parquet files in `copies`."""

    data: dict[str, DataPaths]
    copies: Path


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Twins:
    """A small dirty drop, built by both engines at once: one process holds a ClickHouse, and each has a core."""
    folder = tmp_path_factory.mktemp("parity")
    data = {engine: DataPaths(folder / engine) for engine in ENGINES}
    # The demo ends after the adversary, so that the latest day passes the gates.
    write_demo(data["duckdb"].raw, users=60, days=70, seed=11, dirty=0.05, start=date(2026, 1, 1))
    as_drop(Adversary(3).sent).write(data["duckdb"].raw)
    land(data["duckdb"])
    shutil.copytree(data["duckdb"].root, data["clickhouse"].root)
    builds = [
        start("-m", "plumbline.cli", "build", "--target", engine, data=data[engine]) for engine in ENGINES
    ]
    for build in builds:
        said = build.communicate()[0]
        assert build.returncode == 0, said
    copies = folder / "copies"
    copies.mkdir()
    copy = start(parity.__file__, str(data["clickhouse"].root), str(copies), data=data["clickhouse"])
    said = copy.communicate()[0]
    assert copy.returncode == 0, said
    return Twins(data, copies)


def start(*arguments: str, data: DataPaths) -> subprocess.Popen[str]:
    """Python in a process of its own, with ClickHouse in it unless told otherwise."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PLUMBLINE_")}
    return subprocess.Popen(
        [sys.executable, *arguments],
        env=environment | {"PLUMBLINE_DATA": str(data.root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_every_table_is_the_same(twins: Twins) -> None:
    tables = parity.built_tables(twins.data["duckdb"].warehouse / "target/manifest.json")
    assert tables == parity.built_tables(twins.data["clickhouse"].warehouse / "target/manifest.json")
    found = {}
    with connect(twins.data["duckdb"].warehouse / "build.duckdb", read_only=True) as build:
        for schema, table in tables:
            copy = twins.copies / f"{schema}.{table}.parquet"
            found[f"{schema}.{table}"] = parity.differences(build, schema, table, copy)
    assert len(found) > 20
    report = [f"{table}: {line}" for table, lines in found.items() for line in lines]
    assert not report, "\n".join(report)


def test_every_model_seed_and_test_ends_alike(twins: Twins) -> None:
    ends = {}
    for engine, paths in twins.data.items():
        results = json.loads((paths.warehouse / "target/run_results.json").read_bytes())["results"]
        ends[engine] = {(one["unique_id"], one["status"], one["failures"]) for one in results}
    assert ends["duckdb"] ^ ends["clickhouse"] == set()


def test_both_serve_the_same(twins: Twins) -> None:
    """Tables with their keys, columns, types, comments and rows; stamps of a build are its own."""
    for name in ("plumbline.duckdb", "plumbline_restricted.duckdb"):
        with connect() as connection:
            for engine, paths in twins.data.items():
                connection.execute(f"attach '{paths.serving / name}' as {engine} (read_only)")
            columns = both_say(
                connection,
                "schema_name, table_name, column_name, data_type, is_nullable, comment from duckdb_columns()",
            )
            both_say(connection, "schema_name, table_name, sql, comment, estimated_size from duckdb_tables()")
            exact: dict[str, list[str]] = {}
            for schema, table, column, kind, *_ in columns:
                if table not in parity.STAMPS and kind != "DOUBLE":
                    exact.setdefault(f"{schema}.{table}", []).append(quoted(column))
            for table, of_table in exact.items():
                rows = [f"select {', '.join(of_table)} from {engine}.{table}" for engine in ENGINES]
                assert connection.execute(" except all ".join(rows)).fetchall() == [], table


def both_say(connection: duckdb.DuckDBPyConnection, what: str) -> list[tuple]:
    """The rows of a catalogue query, the same for both served files."""
    one, two = (
        connection.execute(f"select {what} where database_name = '{engine}' order by all").fetchall()
        for engine in ENGINES
    )
    assert one == two
    return one


# --- the comparison itself ----------------------------------------------------------------------------

TYPES = {
    "n": "Int64", "word": "LowCardinality(Nullable(String))", "day": "Nullable(Date32)",
    "money": "Nullable(Decimal(38, 6))", "share": "Nullable(Float64)",
}  # fmt: skip
ROWS = [
    {"n": 1, "word": "a", "day": date(2026, 1, 1), "money": Decimal("0.5"), "share": 1 / 3},
    {"n": 2, "word": None, "day": None, "money": None, "share": None},
]


@pytest.mark.parametrize(
    ("changes", "types", "found"),
    [
        ({}, {}, ""),
        ({"share": 1 / 3 + 1e-12}, {}, ""),
        ({"share": 1 / 3 + 1e-8}, {}, '"share" is '),
        ({"share": None}, {}, '"share" is '),
        ({"n": 3}, {}, "only on ClickHouse: {'n': 3, 'word': 'a'"),
        ({"word": "A"}, {}, "only on DuckDB: {'n': 1, 'word': 'a'"),
        ({"word": ""}, {}, "'word': ''"),
        ({"day": date(2026, 1, 2)}, {}, "'day': datetime.date(2026, 1, 2)"),
        ({"money": Decimal("0.500001")}, {}, "'money': Decimal('0.500001')"),
        ({}, {"n": "Int32"}, "n is BIGINT and Int32"),
        ({}, {"day": "DateTime"}, "day is DATE and DateTime"),
        ({"more": 1}, {}, "columns ['n', 'word', 'day', 'money', 'share'] and ["),
    ],
)
def test_a_difference_is_named(tmp_path: Path, changes: dict, types: dict, found: str) -> None:
    kinds = {
        "n": pa.int64(),
        "word": pa.string(),
        "day": pa.date32(),
        "money": pa.decimal128(38, 6),
        "share": pa.float64(),
    }
    fields = [*kinds.items(), *((name, pa.int64()) for name in changes if name not in kinds)]
    rows = pa.Table.from_pylist([ROWS[0] | changes, ROWS[1]], schema=pa.schema(fields))
    metadata = {"clickhouse": json.dumps(TYPES | types)}
    pq.write_table(rows.replace_schema_metadata(metadata), tmp_path / "copy.parquet")
    with connect() as build:
        build.execute("create schema marts")
        build.execute(
            "create table marts.t (n bigint, word varchar, day date, money decimal(38, 6), share double)"
        )
        build.executemany("insert into marts.t values (?, ?, ?, ?, ?)", [list(row.values()) for row in ROWS])
        report = "; ".join(parity.differences(build, "marts", "t", tmp_path / "copy.parquet"))
    assert (found in report) if found else report == ""
