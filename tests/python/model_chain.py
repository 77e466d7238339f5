"""A chain of models on tables in memory: their compiled SQL, without a dbt run for each example.

chain = compiled("funnel_events", "funnel_journeys")
made = chain.run({"journey_events": events, "plan_funnels": funnels, ...})
made["funnel_journeys"]  # rows, in one order whatever the order of those given
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import duckdb
import pandas as pd
from drops import workshop

from plumbline.paths import PROJECT_ROOT

Row = Mapping[str, Any]

_RELATION = re.compile(r'"dev"\."(\w+)"\."(\w+)"')

#: The house's names say what a column holds; whatever is not here is text.
_TYPES = {
    r".*_at": "timestamp",
    r".*_(date|day)": "date",
    r"is_.*": "boolean",
    r"step|plan_order|.*_(days|minutes|number)": "integer",
}


def compiled(*models: str) -> Chain:
    """The chain of these models, in the order in which they read one another."""
    return Chain(workshop().compiled(*models))


@dataclass(frozen=True)
class Chain:
    """Models by name, with their SQL."""

    models: dict[str, str]

    def run(self, tables: Mapping[str, Sequence[Row]]) -> dict[str, list[dict[str, Any]]]:
        """The rows of each model over the given tables: all that the models read and the chain does not make.

        A table has at least one row. Seeds that are not given are the project's.
        """
        for name, rows in tables.items():
            self._connection.register("given", pd.DataFrame(list(rows), dtype=object))
            columns = ", ".join(f"cast({column} as {_type_of(column)}) as {column}" for column in rows[0])
            self._make(name, f"select {columns} from given")
        for name, sql in self.models.items():
            self._make(name, sql)
        return {name: self._rows(name) for name in self.models}

    @cached_property
    def _schemas(self) -> dict[str, str]:
        """Where the models look for each table that they read."""
        return {name: schema for sql in self.models.values() for schema, name in _RELATION.findall(sql)}

    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect()
        connection.execute("set threads = 1; attach ':memory:' as dev; use dev")
        for schema in {*self._schemas.values(), "marts"}:
            connection.execute(f"create schema {schema}")
        for name, schema in self._schemas.items():
            if schema == "seeds":
                [path] = PROJECT_ROOT.glob(f"seeds/*/{name}.csv")
                connection.execute(f"create table seeds.{name} as from read_csv('{path}')")
        return connection

    def _place(self, name: str) -> str:
        return f"{self._schemas.get(name, 'marts')}.{name}"

    def _make(self, name: str, sql: str) -> None:
        self._connection.execute(f"create or replace table {self._place(name)} as {sql}")

    def _rows(self, name: str) -> list[dict[str, Any]]:
        found = self._connection.execute(f"from {self._place(name)}")
        names = [column[0] for column in found.description]
        return [dict(zip(names, row, strict=True)) for row in sorted(found.fetchall(), key=repr)]


def _type_of(column: str) -> str:
    return next((kind for pattern, kind in _TYPES.items() if re.fullmatch(pattern, column)), "varchar")
