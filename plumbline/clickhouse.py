"""ClickHouse as the engine of a build: landed lines go in, dbt works there, marts that passed come out.

Schemas are databases there, with a prefix of choice. The marts come out as a DuckDB file, so that publication
is the same for every engine.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.dataset as ds

from plumbline.engine import ClickHouse, clickhouse_client, connect, connect_clickhouse, literal, quoted
from plumbline.land.landed import FILES, LINES, ensure_landed_dir, identity, part_path, read_manifest
from plumbline.paths import DataPaths

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

#: Lines sent at a time: each insert makes a part per month on disk, and parts should be few and large.
BATCH_LINES = 500_000

#: Table of landed data → columns and layout. Staging reads one stream at a time; a month is what ages out.
LANDED = {
    "lines": (
        """
        product LowCardinality(String),
        stream LowCardinality(String),
        source_file String,
        file_sha256 String,
        line_no Int64,
        received_at DateTime64(6, 'UTC'),
        raw Nullable(String) codec(ZSTD(1)),
        raw_hex Nullable(String),
        fault LowCardinality(Nullable(String))
        """,
        "partition by toYYYYMM(received_at) order by (product, stream, file_sha256, line_no)",
    ),
    "files": (
        """
        product LowCardinality(String),
        stream LowCardinality(String),
        source_file String,
        file_sha256 String,
        received_at DateTime64(6, 'UTC'),
        bytes Int64,
        lines Int64,
        status LowCardinality(String),
        reason LowCardinality(Nullable(String))
        """,
        "order by (product, stream, file_sha256, source_file)",
    ),
    # A row while lines are on their way: what is not in `files` by then is half a load.
    "loading": ("started_at DateTime default now()", "order by tuple()"),
}

Progress = Callable[[str, int, int], None]


@contextmanager
def open_clickhouse(paths: DataPaths, database: Path) -> Iterator[ClickHouseWarehouse]:
    """Connects, and lets dbt in this process reach the same ClickHouse. Raises PlumblineError."""
    place = ClickHouse.from_env(paths.warehouse / "clickhouse")
    with connect_clickhouse(place) as client, _dbt_in_this_process(place):
        yield ClickHouseWarehouse(paths, database, client)


class ClickHouseWarehouse:
    """A warehouse on ClickHouse for the time of a command; see `plumbline.warehouse.Warehouse`."""

    def __init__(self, paths: DataPaths, database: Path, client: Client) -> None:
        self.database = database
        self._paths = paths
        self._client = client
        self._prefix = os.environ.get("PLUMBLINE_CLICKHOUSE_PREFIX", "")
        self._cluster = os.environ.get("PLUMBLINE_CLICKHOUSE_CLUSTER", "")

    def take_in(self, progress: Progress) -> None:
        """Brings the tables of landed lines and files up to what `landed/` holds.

        New files are added, files whose lines are gone are taken out, a load that was stopped is made again.
        """
        ensure_landed_dir(self._paths)
        self._create_landed()
        manifest = read_manifest(self._paths)
        loaded = {
            tuple(row)
            for row in self._rows(
                f"select product, stream, file_sha256, source_file from {self._table('files')}"
            )
        }
        kept = [row for row in manifest if _key(row) in loaded]
        new = [row for row in manifest if _key(row) not in loaded]
        was_stopped = bool(self._rows(f"select 1 from {self._table('loading')} limit 1"))
        some_gone = len(kept) < len(loaded)
        if new or some_gone:
            self._client.command(f"insert into {self._table('loading')} values (now())")
        if some_gone:
            self._client.command(f"truncate table {self._table('files')} {self._on_cluster}")
            self._insert("files", pa.Table.from_pylist(kept, schema=FILES))
        if was_stopped or some_gone:
            self._client.command(
                f"delete from {self._table('lines')} {self._on_cluster}"
                " where (product, stream, file_sha256) not in (select product, stream, file_sha256"
                f" from {self._table('files')} where status = 'landed')"
            )
        groups = _groups(new)
        for done, group in enumerate(groups, 1):
            for lines in self._landed_lines(group):
                self._insert("lines", lines)
            self._insert("files", pa.Table.from_pylist(group, schema=FILES))
            progress(group[-1]["source_file"], done, len(groups))
        self._client.command(f"truncate table {self._table('loading')} {self._on_cluster}")

    def hand_over(self, manifest_path: Path) -> None:
        """Copies the marts into the DuckDB file `database`, with types, keys and comments."""
        fresh = self.database.with_name(f".{self.database.name}.new")
        fresh.unlink(missing_ok=True)
        with connect(fresh) as connection:
            for node in json.loads(manifest_path.read_bytes())["nodes"].values():
                schema = node["schema"].removeprefix(self._prefix)
                if node["resource_type"] != "model" or node["config"]["materialized"] == "ephemeral":
                    continue
                if schema not in ("marts", "marts_sensitive"):
                    continue
                connection.execute(f"create schema if not exists {schema}")
                for statement in _definition(schema, node):
                    connection.execute(statement)
                columns = ", ".join(f"`{name}`" for name in node["columns"])
                rows = f"select {columns} from `{node['schema']}`.`{node['alias']}`"
                with self._client.query_arrow_stream(rows) as batches:
                    for batch in batches:
                        connection.register("batch", pa.Table.from_batches([batch]))
                        connection.execute(f"insert into {schema}.{quoted(node['alias'])} by name from batch")
        fresh.replace(self.database)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query over the built schemas; `{prefix}` stands before the name of a schema."""
        return self._rows(sql.format(prefix=self._prefix))

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self._client.query(sql).result_rows]

    def _table(self, name: str) -> str:
        return f"`{self._prefix}landed`.{name}"

    @property
    def _on_cluster(self) -> str:
        return f"on cluster `{self._cluster}`" if self._cluster else ""

    def _create_landed(self) -> None:
        engine = "ReplicatedMergeTree" if self._cluster else "MergeTree"
        # Whoever may not create databases may use one that is there.
        if self._client.command(f"exists database `{self._prefix}landed`") == 0:
            self._client.command(f"create database if not exists `{self._prefix}landed` {self._on_cluster}")
        for name, (columns, layout) in LANDED.items():
            self._client.command(
                f"create table if not exists {self._table(name)} {self._on_cluster} ({columns})"
                f" engine = {engine} {layout}"
            )

    def _landed_lines(self, files: list[dict[str, Any]]) -> Iterator[pa.Table]:
        """The landed lines of some files, BATCH_LINES or a little more at a time."""
        parts = [
            str(path)
            for row in files
            if row["status"] == "landed"
            for path in part_path(self._paths, row, 0).parent.glob(f"{row['file_sha256']}-*.parquet")
        ]
        held: list[pa.RecordBatch] = []
        for batch in ds.dataset(parts, schema=LINES).to_batches() if parts else ():
            held.append(batch)
            if sum(map(len, held)) >= BATCH_LINES:
                yield pa.Table.from_batches(held)
                held = []
        if held:
            yield pa.Table.from_batches(held)

    def _insert(self, table: str, rows: pa.Table) -> None:
        self._client.insert_arrow(table, rows, database=f"{self._prefix}landed")


def _key(row: dict[str, Any]) -> tuple[str, str, str, str]:
    return (*identity(row), row["source_file"])


def _groups(rows: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Files in groups of about BATCH_LINES lines: small files share an insert."""
    groups: list[list[dict[str, Any]]] = []
    lines = BATCH_LINES
    for row in rows:
        if lines >= BATCH_LINES:
            groups.append([])
            lines = 0
        groups[-1].append(row)
        lines += row["lines"]
    return groups


def _definition(schema: str, node: dict[str, Any]) -> Iterator[str]:
    """DDL and comments of a contracted model, as dbt writes them on DuckDB."""
    from dbt.adapters.duckdb.impl import DuckDBAdapter

    relation = f"{schema}.{quoted(node['alias'])}"
    parts = DuckDBAdapter.render_raw_columns_constraints(node["columns"])
    parts += DuckDBAdapter.render_raw_model_constraints(node["constraints"])
    yield f"create table {relation} ({', '.join(parts)})"
    if node["description"]:
        yield f"comment on table {relation} is {literal(node['description'])}"
    for name, column in node["columns"].items():
        if column["description"]:
            yield f"comment on column {relation}.{quoted(name)} is {literal(column['description'])}"


@contextmanager
def _dbt_in_this_process(place: ClickHouse) -> Iterator[None]:
    """Without a server, dbt's ClickHouse adapter gets clients of the ClickHouse in this process."""
    if place.host:
        yield
        return
    from dbt.adapters.clickhouse.httpclient import ChHttpClient

    def create_client(self: ChHttpClient, credentials: Any) -> Client:
        return clickhouse_client(place, self._conn_settings)

    original, ChHttpClient._create_client = ChHttpClient._create_client, create_client
    try:
        yield
    finally:
        ChHttpClient._create_client = original
