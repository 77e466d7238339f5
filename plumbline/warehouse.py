"""Where a build works: what `plumbline build` asks of an engine."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Protocol

from plumbline.engine import connect
from plumbline.errors import PlumblineError
from plumbline.paths import DataPaths

#: Target of dbt → the file under `warehouse/` that holds the marts of its last passing build.
DATABASES = {"duckdb": "build.duckdb", "clickhouse": "clickhouse.duckdb"}


class Warehouse(Protocol):
    """An engine over one data folder. `database`: the DuckDB file that publication reads."""

    database: Path

    def take_in(self, progress: Callable[[str, int, int], None]) -> None:
        """Brings what has landed to where dbt reads it."""

    def hand_over(self, manifest_path: Path) -> None:
        """Brings the marts, as dbt's manifest tells them, into `database`."""

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query over the built schemas; `{prefix}` stands before the name of a schema."""


class DuckDBWarehouse:
    """DuckDB reads landed lines where they lie, and builds the marts where publication finds them."""

    def __init__(self, database: Path) -> None:
        self.database = database

    def take_in(self, progress: Callable[[str, int, int], None]) -> None:
        """Nothing to do."""

    def hand_over(self, manifest_path: Path) -> None:
        """Nothing to do."""

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """See Warehouse."""
        with connect(self.database, read_only=True) as connection:
            return connection.execute(sql.format(prefix="")).fetchall()


def open_warehouse(target: str, paths: DataPaths) -> AbstractContextManager[Warehouse]:
    """The warehouse of a target. Raises PlumblineError when there is none or it cannot be reached."""
    database = database_of(target, paths)
    if target == "duckdb":
        return nullcontext(DuckDBWarehouse(database))
    from plumbline.clickhouse import open_clickhouse

    return open_clickhouse(paths, database)


def database_of(target: str, paths: DataPaths) -> Path:
    """The DuckDB file with the marts of a target's last passing build. Raises PlumblineError."""
    if target not in DATABASES:
        raise PlumblineError(f"Plumbline has no target {target!r}: choose one of {', '.join(DATABASES)}.")
    return paths.warehouse / DATABASES[target]
