"""Two engines, one result: the tables of a ClickHouse build beside those of a DuckDB build, row by row.

Run as a script it copies the built tables of a data folder's ClickHouse to Parquet files, because one process
at a time may hold them: `python parity.py DATA OUT`.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from plumbline.engine import ClickHouse, connect_clickhouse, quoted
from plumbline.paths import DataPaths

#: Stamps of a run differ from build to build.
STAMPS = {"build_info"}

#: DuckDB type → what it is on ClickHouse, Nullable and LowCardinality aside.
CONTRACT_TYPES = {
    "VARCHAR": {"String"},
    "VARCHAR[]": {"Array(String)", "Array(Nullable(String))"},
    "BIGINT": {"Int64"},
    "INTEGER": {"Int32"},
    "DOUBLE": {"Float64"},
    "BOOLEAN": {"Bool", "UInt8"},
    "DATE": {"Date32"},
    "TIMESTAMP": {"DateTime64(6, 'UTC')"},
}
INTEGERS = {"BIGINT", "INTEGER", "HUGEINT", "SMALLINT", "TINYINT", "UTINYINT"}


def built_tables(manifest: Path) -> list[tuple[str, str]]:
    """(schema, table) of every normalized table and mart of a dbt manifest."""
    nodes = json.loads(manifest.read_bytes())["nodes"].values()
    return sorted(
        (node["schema"], node["alias"])
        for node in nodes
        if node["resource_type"] == "model"
        and node["config"]["materialized"] != "ephemeral"
        and node["fqn"][1] != "staging"
        and node["alias"] not in STAMPS
    )


def differences(build: duckdb.DuckDBPyConnection, schema: str, table: str, parquet: Path) -> list[str]:
    """What is not the same in the DuckDB table and in the copy of the ClickHouse table; empty when all is.

    Integers, text, dates, decimals and lists are compared exactly, floats to 1e-9 of their size, JSON text by
    its content. NULL for a list is an empty list: ClickHouse knows no other.
    """
    columns = build.execute(
        "select column_name, data_type from duckdb_columns() where database_name = current_database()"
        " and schema_name = ? and table_name = ? order by column_index",
        [schema, table],
    ).fetchall()
    other = pq.read_table(parquet)
    types = json.loads(other.schema.metadata[b"clickhouse"])
    if [name for name, _ in columns] != other.column_names:
        return [f"columns {[name for name, _ in columns]} and {other.column_names}"]
    wrong = [
        f"{name} is {kind} and {types[name]}"
        for name, kind in columns
        if not same_type(kind, types[name], exact=schema.startswith("marts"))
    ]
    if wrong:
        return wrong
    build.register("left_rows", _readable(build.sql(f"from {schema}.{quoted(table)}").to_arrow_table()))
    build.register("right_rows", _readable(other))
    for side in ("left", "right"):
        build.execute(
            f"create or replace temp table {side}_side as select "
            + ", ".join(_comparable(name, kind) for name, kind in columns)
            + f" from {side}_rows"
        )
    floats = [name for name, kind in columns if kind == "DOUBLE"]
    exact = [quoted(name) for name, _ in columns if name not in floats]
    found = []
    for one, two in (("left", "right"), ("right", "left")):
        where = {"left": "DuckDB", "right": "ClickHouse"}[one]
        rows = build.execute(
            f"select {', '.join(exact)} from {one}_side except all select {', '.join(exact)} from {two}_side"
            " order by all limit 3"
        ).fetchall()
        names = [name for name, _ in columns if name not in floats]
        found += [f"only on {where}: {dict(zip(names, row, strict=True))}" for row in rows]
    if found or not floats:
        return found
    everything = ", ".join([*exact, *map(quoted, floats)])
    for side in ("left", "right"):
        build.execute(
            f"create or replace temp table {side}_ordered as"
            f" select *, row_number() over (order by {everything}) as row_no from {side}_side"
        )
    for name in map(quoted, floats):
        one, two = f"l.{name}", f"r.{name}"
        rows = build.execute(
            f"select l.* exclude row_no, {two} as on_clickhouse"
            " from left_ordered as l inner join right_ordered as r on l.row_no = r.row_no"
            f" where {one} is distinct from {two}"
            f" and not coalesce(abs({one} - {two}) <= 1e-9 * greatest(abs({one}), abs({two})), false) limit 3"
        ).fetchall()
        names = [name for name, _ in columns]
        found += [
            f"{name} is {row[-1]} on ClickHouse: {dict(zip(names, row[:-1], strict=True))}" for row in rows
        ]
    return found


def same_type(duckdb_type: str, clickhouse_type: str, exact: bool) -> bool:
    """Whether a column means the same on both; `exact`: as a contract asks, else any integer will do."""
    plain = clickhouse_type
    while match := re.fullmatch(r"(?:LowCardinality|Nullable)\((.*)\)", plain):
        plain = match[1]
    if duckdb_type.startswith("DECIMAL"):
        return plain.replace(" ", "") == duckdb_type.capitalize()
    if not exact and duckdb_type in INTEGERS:
        return re.fullmatch(r"U?Int(8|16|32|64|128)", plain) is not None
    return plain in CONTRACT_TYPES.get(duckdb_type, set())


def _comparable(name: str, kind: str) -> str:
    column = quoted(name)
    if kind in INTEGERS:
        return f"cast({column} as hugeint) as {column}"
    if kind.endswith("[]"):
        return f"coalesce(cast({column} as {kind}), []) as {column}"
    return f"cast({column} as {kind}) as {column}"


def _readable(table: pa.Table) -> pa.Table:
    """The table with JSON text in one spelling: keys in order, whole numbers without a point."""
    for at, field in enumerate(table.schema):
        if not pa.types.is_string(field.type):
            continue
        values = table.column(at).to_pylist()
        if any(value and value[0] in "{[" for value in values):
            table = table.set_column(at, field.name, pa.array(map(_one_spelling, values), pa.string()))
    return table


def _one_spelling(text: str | None) -> str | None:
    if not text or text[0] not in "{[":
        return text
    try:
        return json.dumps(json.loads(text, parse_float=_whole), sort_keys=True, ensure_ascii=False)
    except ValueError:
        return text


def _whole(number: str) -> float | int:
    value = float(number)
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _copy_out(data: Path, out: Path) -> None:
    paths = DataPaths(data)
    with connect_clickhouse(ClickHouse.from_env(paths.warehouse / "clickhouse")) as client:
        for schema, table in built_tables(paths.warehouse / "target" / "manifest.json"):
            described = client.query(f"describe table {schema}.{table}").result_rows
            types = {row[0]: row[1] for row in described}
            rows = client.query_arrow(f"select * from {schema}.{table}")
            rows = rows.replace_schema_metadata({"clickhouse": json.dumps(types)})
            pq.write_table(rows, out / f"{schema}.{table}.parquet")


if __name__ == "__main__":
    _copy_out(Path(sys.argv[1]), Path(sys.argv[2]))
