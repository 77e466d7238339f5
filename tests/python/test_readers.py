"""The served files in the hands of readers with an older DuckDB: Metabase's driver, notebooks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from plumbline.paths import PROJECT_ROOT, DataPaths

READERS = sorted((PROJECT_ROOT / "tests" / "readers").glob("duckdb-*.txt"))

#: Prints, for each table of a served file, its rows, its columns' types and comments, and what each column sums up to.
READ = """
import duckdb, json, sys

connection = duckdb.connect(sys.argv[1], read_only=True)
connection.execute("set TimeZone = 'UTC'")
told = {"version": duckdb.__version__}
for schema, table, comment in connection.execute(
    "select schema_name, table_name, comment from duckdb_tables() order by all"
).fetchall():
    columns = connection.execute(
        "select column_name, data_type, is_nullable, comment from duckdb_columns()"
        " where schema_name = ? and table_name = ? order by column_index", [schema, table]
    ).fetchall()
    sums = ", ".join(
        f'sum("{name}")::varchar' if kind.startswith("DECIMAL") or kind.endswith("INT") or kind == "INTEGER"
        else f'round(sum("{name}"), 6)::varchar' if kind == "DOUBLE"
        else f'count("{name}") || \\' \\' || coalesce(max("{name}")::varchar, \\'\\')'
        for name, kind, _, _ in columns
    )
    rows = connection.execute(f'select count(*), {sums} from "{schema}"."{table}"').fetchall()
    told[f"{schema}.{table}"] = [comment, columns, rows]
told["keys"] = connection.execute(
    "select schema_name, table_name, constraint_type, constraint_column_names from duckdb_constraints() order by all"
).fetchall()
print(json.dumps(told))
"""


def read(served: Path, environment: Path | None) -> dict[str, object]:
    """What READ prints under the packages of an environment; None: the project's."""
    first = f"import sys; sys.path.insert(0, {str(environment)!r})\n" if environment else ""
    run = subprocess.run([sys.executable, "-c", first + READ, served], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.fixture(scope="module", params=READERS, ids=[path.stem for path in READERS])
def environment(request: pytest.FixtureRequest) -> Path:
    """A folder with an older DuckDB alone, installed once beside the project's own packages."""
    pins: Path = request.param
    target = PROJECT_ROOT / ".venv" / "readers" / pins.stem
    if not target.exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
        subprocess.run([*pip, "--target", target, "-r", pins], check=True)
    return target


@pytest.mark.parametrize("name", ["plumbline.duckdb", "plumbline_restricted.duckdb"])
def test_older_duckdb_reads_the_served_files(built_demo: DataPaths, environment: Path, name: str) -> None:
    served = built_demo.serving / name
    mine, theirs = read(served, None), read(served, environment)
    assert str(mine.pop("version")).startswith("2.") and str(theirs.pop("version")).startswith("1.")
    assert len(mine) > 30
    assert theirs == mine
