"""The stamp that a full, passing build leaves in its database; without it nothing is published.

Whatever touches the database takes the stamp off first: `plumbline build` before it lands, every other dbt
run on start (`on-run-start` in dbt_project.yml). So a build that failed or was killed cannot be published.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from datetime import datetime

import duckdb


@dataclass(frozen=True)
class Stamp:
    """Which build a database holds. `finished_at` is UTC; `nodes` counts models, seeds and tests that ran."""

    build_id: str
    invocation_id: str
    finished_at: datetime
    git_commit: str
    nodes: int


def write_stamp(connection: duckdb.DuckDBPyConnection, stamp: Stamp) -> None:
    """Marks the connected database as the result of a full, passing build."""
    remove_stamp(connection)
    connection.execute("create schema if not exists plumbline")
    connection.execute("begin")
    connection.execute(
        "create table plumbline.build_stamp"
        " (build_id varchar, invocation_id varchar, finished_at timestamp, git_commit varchar, nodes bigint)"
    )
    connection.execute("insert into plumbline.build_stamp values (?, ?, ?, ?, ?)", astuple(stamp))
    connection.execute("commit")


def remove_stamp(connection: duckdb.DuckDBPyConnection) -> None:
    """Takes the stamp off the connected database, if there is one."""
    connection.execute("drop table if exists plumbline.build_stamp")


def read_stamp(connection: duckdb.DuckDBPyConnection, database: str) -> Stamp | None:
    """The stamp of an attached database, or None."""
    present = connection.execute(
        "select 1 from duckdb_tables()"
        " where database_name = ? and schema_name = 'plumbline' and table_name = 'build_stamp'",
        [database],
    ).fetchall()
    rows = connection.execute(f"from {database}.plumbline.build_stamp").fetchall() if present else []
    return Stamp(*rows[0]) if rows else None
