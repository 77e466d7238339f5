"""The marts of a passing build become files that readers open: whole, at once, or not at all."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from plumbline.engine import connect, literal, naming_the_holder, quoted
from plumbline.errors import PlumblineError
from plumbline.paths import DataPaths
from plumbline.publish.stamp import Stamp, read_stamp

#: Served file → (its schemas, its permissions). The restricted one is replaced first: it is never behind.
SERVED = {
    "plumbline_restricted.duckdb": (("marts", "marts_sensitive"), 0o440),
    "plumbline.duckdb": (("marts",), 0o444),
}


@dataclass(frozen=True)
class Published:
    """What readers now see: the build and the served files with the number of tables and rows in each."""

    build_id: str
    files: dict[Path, tuple[int, int]]


def publish_duckdb(paths: DataPaths, database: Path | None = None) -> Published:
    """Publishes the marts in `database` to the served files, atomically, each as a whole.

    Without `database` they come from `warehouse/build.duckdb`. Both files are complete on disk before the
    first is replaced. Raises PlumblineError when the database does not carry the stamp of a full, passing
    build; readers then keep what they have.
    """
    database = database or paths.warehouse / "build.duckdb"
    if not database.exists():
        raise PlumblineError(f"Nothing to publish: {database} does not exist. Run `plumbline build` first.")
    paths.serving.mkdir(parents=True, exist_ok=True)
    with _one_publisher(paths.serving), connect() as connection, naming_the_holder():
        connection.execute(f"set temp_directory = {literal(str(paths.serving / '.spill'))}")
        connection.execute(f"attach {literal(str(database))} as build (read_only)")
        stamp = _required_stamp(connection, database)
        fresh = {name: paths.serving / f".{name}.new" for name in SERVED}
        sizes = {name: _write(connection, fresh[name], SERVED[name][0]) for name in SERVED}
        for name, (_, permissions) in SERVED.items():
            _seal(fresh[name], permissions)
        for name in SERVED:
            served = paths.serving / name
            # A log left by someone who wrote to the served file would be replayed over the new one.
            _log_of(served).unlink(missing_ok=True)
            os.replace(fresh[name], served)
        _sync(paths.serving)
    return Published(stamp.build_id, {paths.serving / name: size for name, size in sizes.items()})


def _required_stamp(connection: duckdb.DuckDBPyConnection, database: Path) -> Stamp:
    stamp = read_stamp(connection, "build")
    if stamp is None:
        raise PlumblineError(
            f"Not published: {database} does not carry the stamp of a full, passing build (its last build "
            "failed, was interrupted or built a selection only). Run `plumbline build`; until it passes, "
            "readers keep what was published last."
        )
    built = connection.execute(
        "select count(*) from duckdb_columns() where database_name = 'build' and schema_name = 'marts'"
        " and table_name = 'build_info' and column_name = 'build_id'"
    ).fetchall()
    marked = (
        connection.execute("select build_id from build.marts.build_info").fetchall() if built[0][0] else []
    )
    if marked and marked != [(stamp.build_id,)]:
        raise PlumblineError(
            f"Not published: marts.build_info in {database} names another build than its stamp "
            f"({stamp.build_id}). Run `plumbline build`."
        )
    return stamp


def _write(connection: duckdb.DuckDBPyConnection, target: Path, schemas: tuple[str, ...]) -> tuple[int, int]:
    """Copies schemas of `build` into a fresh file with keys, checks and comments. → (tables, rows)."""
    for leftover in (target, _log_of(target)):
        leftover.unlink(missing_ok=True)
    # Readers with DuckDB 1.x cannot open a file in the storage format that 2.0 writes by default.
    connection.execute(f"attach {literal(str(target))} as served (storage_version 'v1.0.0')")
    connection.execute("use served")
    tables = rows = 0
    for schema in schemas:
        connection.execute(f"create schema {quoted(schema)}")
        for name, definition in _relations(connection, schema):
            relation = f"{quoted(schema)}.{quoted(name)}"
            if definition:
                connection.execute(definition)
                copied = connection.execute(f"insert into {relation} from build.{relation}").fetchall()
            else:
                copied = connection.execute(f"create table {relation} as from build.{relation}").fetchall()
            tables, rows = tables + 1, rows + copied[0][0]
    _copy_comments(connection, schemas)
    connection.execute("checkpoint served")
    connection.execute("use memory")
    connection.execute("detach served")
    return tables, rows


def _relations(connection: duckdb.DuckDBPyConnection, schema: str) -> Iterator[tuple[str, str | None]]:
    """(name, DDL) of the tables of a schema of `build`, referenced ones first; views have no DDL to keep."""
    waiting = dict(
        connection.execute(
            "select table_name, sql from duckdb_tables()"
            " where database_name = 'build' and schema_name = $schema"
            " union all select view_name, null from duckdb_views()"
            " where database_name = 'build' and schema_name = $schema order by 1",
            {"schema": schema},
        ).fetchall()
    )
    references: dict[str, set[str]] = {}
    for name, referenced in connection.execute(
        "select table_name, referenced_table from duckdb_constraints() where database_name = 'build'"
        " and schema_name = ? and constraint_type = 'FOREIGN KEY'",
        [schema],
    ).fetchall():
        references.setdefault(name, set()).add(referenced)
    while waiting:
        for name in [name for name in waiting if not references.get(name, set()) - {name} & waiting.keys()]:
            yield name, waiting.pop(name)


def _copy_comments(connection: duckdb.DuckDBPyConnection, schemas: tuple[str, ...]) -> None:
    wanted = ", ".join(literal(schema) for schema in schemas)
    of_build = f"database_name = 'build' and schema_name in ({wanted}) and comment is not null"
    for schema, table, comment in connection.execute(
        f"select schema_name, table_name, comment from duckdb_tables() where {of_build}"
        f" union all select schema_name, view_name, comment from duckdb_views() where {of_build}"
    ).fetchall():
        connection.execute(f"comment on table {quoted(schema)}.{quoted(table)} is {literal(comment)}")
    for schema, table, column, comment in connection.execute(
        f"select schema_name, table_name, column_name, comment from duckdb_columns() where {of_build}"
    ).fetchall():
        place = f"{quoted(schema)}.{quoted(table)}.{quoted(column)}"
        connection.execute(f"comment on column {place} is {literal(comment)}")


def _seal(path: Path, permissions: int) -> None:
    """On disk, complete, and for reading only."""
    if _log_of(path).exists():
        raise PlumblineError(f"Not published: {path} did not close cleanly. Is the disk full?")
    _sync(path)
    path.chmod(permissions)


def _log_of(database: Path) -> Path:
    return database.with_name(database.name + ".wal")


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _one_publisher(serving: Path) -> Iterator[None]:
    """Publishers wait for each other; readers take no part in this."""
    with (serving / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
