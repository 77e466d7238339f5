"""Small raw drops from Python values, landed and built in this process."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import duckdb
import pandas as pd

from plumbline import dbt_runner
from plumbline.land import land
from plumbline.paths import PROJECT_ROOT, DataPaths

FIXTURES = Path(__file__).parents[1] / "fixtures"

Line = Mapping[str, Any] | bytes

ARRIVAL = "2026-03-10"  # the day on which lines arrive unless a test says otherwise: at its end, in UTC
NOON = "2026-03-10T04:00:00Z"  # noon of that day in UTC+8

NORMALIZED = ("path:models/staging", "path:models/normalized")
EVENTS = ("+events", "+line_status", "+file_status")

# What may be found in `event_violations.rule`.
RULES = {
    "missing_time", "bad_time", "missing_natural_key", "pii_suspected", "bad_interval", "enum_out_of_range",
    "missing_required", "wrong_type", "out_of_range", "bad_format", "missing_actor", "policy_escalation_mismatch",
    "coerced_text", "value_alias", "property_alias", "event_alias", "unplanned_property", "tz_assumed",
    "client_time_used", "clock_skew", "wrong_source", "policy_action_mismatch", "policy_risk_mismatch",
    "policy_escalation_unexpected",
}  # fmt: skip


class Absent:
    """A key that is to be left out of a record."""


ABSENT = Absent()


def as_bytes(line: Line) -> bytes:
    """A record as compact JSON; bytes stay as they are."""
    return line if isinstance(line, bytes) else json.dumps(line, ensure_ascii=False).encode()


@dataclass
class Drop:
    """A raw drop as a mapping from path below `raw/` to content."""

    files: dict[str, bytes] = field(default_factory=dict)

    def add(self, stream: str, *lines: Line, arrived: str | None = ARRIVAL, name: str | None = None) -> str:
        """Adds a JSONL file to a stream (`product/stream`); returns its path below `raw/`."""
        return self.add_file(stream, b"".join(as_bytes(line) + b"\n" for line in lines), arrived, name)

    def add_file(
        self, stream: str, content: bytes, arrived: str | None = ARRIVAL, name: str | None = None
    ) -> str:
        """Adds a file of any bytes; `name` decides how it is read."""
        folder = f"{stream}/received_date={arrived}" if arrived else stream
        path = f"{folder}/{name or f'{len(self.files):05d}.jsonl'}"
        assert path not in self.files, f"two files at {path}"
        self.files[path] = content
        return path

    def write(self, raw: Path) -> None:
        """Writes the drop."""
        for path, content in self.files.items():
            (raw / path).parent.mkdir(parents=True, exist_ok=True)
            (raw / path).write_bytes(content)


@dataclass
class Built:
    """A built database, and what became of each dbt node (name → status)."""

    database: Path
    nodes: dict[str, str]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        return self._connection.execute(sql).fetchall()

    def frame(self, sql: str) -> pd.DataFrame:
        """The rows of a query as a table."""
        return self._connection.execute(sql).df()

    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect()
        # Under the name that compiled SQL gives it.
        connection.execute(f"attach '{self.database}' as dev (read_only); use dev")
        return connection


#: A test over several models runs only where all of them are built.
_WHOLE_TESTS = {command: ("--indirect-selection", "cautious") for command in ("build", "test")}


class Workshop:
    """Builds drops one after the other in one data folder and keeps each database under a name of its own."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="plumbline-")  # removed with the workshop
        self.paths = DataPaths(Path(self._folder.name) / "data")
        self._kept = Path(self._folder.name) / "kept"
        self._seeds = self._kept / "seeds.duckdb"
        self._kept.mkdir(parents=True)
        self._database = self.paths.warehouse / "dev.duckdb"

    def build(self, drop: Drop, select: Sequence[str] = NORMALIZED, tests: Sequence[str] = ()) -> Built:
        """Lands a drop, runs the selected models on it, then the named tests."""
        self.empty()
        drop.write(self.paths.raw)
        return self.build_again(select, tests)

    def build_again(
        self, select: Sequence[str] = NORMALIZED, tests: Sequence[str] = (), project: Path = PROJECT_ROOT
    ) -> Built:
        """Lands and builds what lies in the raw folder now, on top of what was built before.

        Another `project` has its own seeds, which are loaded first.
        """
        land(self.paths)
        if project != PROJECT_ROOT:
            self.dbt("seed", project=project)
        elif not self._database.exists():
            self._database.parent.mkdir(parents=True, exist_ok=True)
            if not self._seeds.exists():
                self.dbt("seed")
                shutil.copy(self._database, self._seeds)
            shutil.copy(self._seeds, self._database)
        nodes = self.dbt("run", "--select", *select, project=project)
        if tests:
            nodes |= self.dbt("test", "--select", *tests, project=project)
        kept = self._kept / f"{len(list(self._kept.iterdir())):03d}.duckdb"
        shutil.copy(self._database, kept)
        return Built(kept, nodes)

    def empty(self) -> None:
        """Removes everything received, landed and built."""
        for folder in (self.paths.raw, self.paths.landed, self.paths.warehouse):
            shutil.rmtree(folder, ignore_errors=True)

    def analysis(self, name: str, built: Built) -> pd.DataFrame:
        """The rows of an analysis over a built database."""
        compiled = self._target(PROJECT_ROOT) / f"compiled/plumbline/analyses/{name}.sql"
        if not compiled.exists():
            self.dbt("compile", "--select", "resource_type:analysis")
        return built.frame(compiled.read_text())

    def compiled(self, *models: str) -> dict[str, str]:
        """The SQL of models, as it reads tables of a built database."""
        self.dbt("compile", "--select", *models)
        folder = self._target(PROJECT_ROOT) / "compiled/plumbline/models"
        return {name: next(folder.rglob(f"{name}.sql")).read_text() for name in models}

    def dbt(self, command: str, *arguments: str, project: Path = PROJECT_ROOT) -> dict[str, str]:
        """Runs dbt and returns node → status; raises what dbt raises, and AssertionError when a node could not run."""
        folders = ("--target-path", str(self._target(project)), "--log-path", str(self.paths.root / "logs"))
        with patch.object(dbt_runner, "PROJECT_ROOT", project):
            outcome = dbt_runner.invoke_dbt(
                [command, *arguments, *folders, *_WHOLE_TESTS.get(command, ()), "--log-level", "none"],
                {"PLUMBLINE_DATA": str(self.paths.root)},
            )
        if outcome.exception:
            raise outcome.exception
        results = list(outcome.result.results)
        broken = [
            f"{node.node.name}: {node.message}" for node in results if node.status in ("error", "skipped")
        ]
        assert not broken, "; ".join(broken[:3])
        return {node.node.name: str(node.status) for node in results}

    def _target(self, project: Path) -> Path:
        return self.paths.root / f"target-{project.name}"


@cache
def workshop() -> Workshop:
    """The one workshop of a test session."""
    return Workshop()


# --- lines that break no rule -------------------------------------------------------------------------

_serial = itertools.count(1)


def line(
    stream: str, event: str | None = None, properties: Mapping[str, Any] | None = None, /, **changes: Any
) -> dict[str, Any]:
    """A sound line of tests/fixtures/sound_lines.jsonl with ids of its own.

    `changes` replace keys of the record, and `properties` keys of the object that holds its properties; ABSENT takes a
    key out.
    """
    text = _sound_lines()[stream, event].replace("{n}", str(next(_serial))).replace("{noon}", NOON)
    record = _changed(json.loads(text), changes)
    container = next((key for key in ("props", "payload", "properties") if key in record), None)
    if properties:
        assert container, f"{stream} has no container"
        record[container] = _changed(record[container], properties)
    return record


def flat(record: Mapping[str, Any]) -> dict[str, Any]:
    """The same line with its properties beside the envelope."""
    container = next(key for key in ("payload", "properties") if key in record)
    return {key: value for key, value in record.items() if key != container} | record[container]


def _changed(record: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in {**record, **changes}.items() if value is not ABSENT}


@cache
def _sound_lines() -> dict[tuple[str, str | None], str]:
    rows = [json.loads(row) for row in (FIXTURES / "sound_lines.jsonl").read_text().splitlines()]
    return {(row["stream"], row.get("event")): json.dumps(row["line"]) for row in rows}


def sound_streams() -> list[tuple[str, str | None]]:
    """(stream, event) of every sound line; no event where the stream is a table or a log."""
    return list(_sound_lines())
