"""Database connections: the only place in the package that opens one."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from plumbline.errors import PlumblineError

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client


@contextmanager
def connect(path: Path | None = None, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB connection in UTC, closed at the end; without a path, a database in memory.

    Raises PlumblineError when another process holds the file or when it is no DuckDB database.
    """
    with naming_the_holder():
        connection = duckdb.connect(str(path or ":memory:"), read_only=read_only)
    try:
        connection.execute("set TimeZone = 'UTC'")
        yield connection
    finally:
        connection.close()


@contextmanager
def naming_the_holder() -> Iterator[None]:
    """Turns DuckDB's refusals to open, read or write a file into sentences."""
    try:
        yield
    except duckdb.IOException as error:
        sentence = lock_sentence(str(error))
        if sentence:
            raise PlumblineError(sentence) from error
        raise PlumblineError(f"A database file cannot be used: {error}") from error


def lock_sentence(message: str) -> str | None:
    """What to tell the user when `message` is DuckDB's complaint about a file in use, else None."""
    locked = re.search(
        r'Could not set lock on file "([^"]+)"(?:: Conflicting lock is held in (.+?\)))?', message
    )
    if locked is None:
        return None
    holder = f" by {locked[2]}" if locked[2] else ""
    return (
        f"{locked[1]} is in use{holder}: close that program and run again "
        "(readers belong in the served files, which never block a build)."
    )


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """An SQL string."""
    return "'" + text.replace("'", "''") + "'"


@dataclass(frozen=True)
class ClickHouse:
    """Where ClickHouse is: a server, or without a host this process, with its data under `path`."""

    path: Path
    host: str
    port: int
    user: str
    password: str
    secure: bool

    @classmethod
    def from_env(cls, path: Path) -> ClickHouse:
        """What the PLUMBLINE_CLICKHOUSE_ variables say; profiles.yml reads the same ones."""
        secure = os.environ.get("PLUMBLINE_CLICKHOUSE_SECURE", "false") == "true"
        return cls(
            path=path,
            host=os.environ.get("PLUMBLINE_CLICKHOUSE_HOST", ""),
            port=_port(os.environ.get("PLUMBLINE_CLICKHOUSE_PORT") or ("8443" if secure else "8123")),
            user=os.environ.get("PLUMBLINE_CLICKHOUSE_USER", "default"),
            password=os.environ.get("PLUMBLINE_CLICKHOUSE_PASSWORD", ""),
            secure=secure,
        )

    def __str__(self) -> str:
        return f"ClickHouse at {self.host}:{self.port}" if self.host else f"ClickHouse in {self.path}"


def _port(told: str) -> int:
    if not told.isdecimal():
        raise PlumblineError(f"PLUMBLINE_CLICKHOUSE_PORT is {told!r}: it must be a number, for example 8123.")
    return int(told)


def clickhouse_client(place: ClickHouse, settings: dict[str, Any] | None = None) -> Client:
    """A ClickHouse client; the caller closes it. Raises PlumblineError when packages are missing."""
    # What the client logs beside its errors, the errors say too.
    logging.getLogger("clickhouse_connect").setLevel(logging.CRITICAL)
    try:
        import clickhouse_connect
        import dbt.adapters.clickhouse  # noqa: F401  without it dbt would find no target

        if not place.host:
            place.path.mkdir(parents=True, exist_ok=True)
            return clickhouse_connect.get_client(
                interface="chdb", path=str(place.path), query_limit=0, settings=settings
            )
        return clickhouse_connect.get_client(
            host=place.host,
            port=place.port,
            username=place.user,
            password=place.password,
            interface="https" if place.secure else "http",
            send_receive_timeout=3600,
            query_limit=0,
            settings=settings,
        )
    except ImportError as error:
        raise PlumblineError(
            "Target clickhouse needs more packages: run `pip install --editable '.[clickhouse]'` "
            f"in the project ({error.name or 'chdb'} is missing)."
        ) from error


@contextmanager
def connect_clickhouse(place: ClickHouse) -> Iterator[Client]:
    """A ClickHouse client, closed at the end; its errors become sentences that say what to do.

    Raises PlumblineError when ClickHouse cannot be reached, refuses the user, or lacks a database or a right.
    """
    try:
        client = clickhouse_client(place)
        try:
            yield client
        finally:
            client.close()
    except Exception as error:
        if not type(error).__module__.startswith("clickhouse_connect"):
            raise
        raise PlumblineError(clickhouse_sentence(place, error)) from error


def clickhouse_sentence(place: ClickHouse, error: Exception) -> str:
    """What to tell the user about an error of the ClickHouse client."""
    code, message = getattr(error, "code", None), " ".join(str(error).split())
    if "Another server instance in same directory" in message:
        return f"{place.path} is in use by another process: wait until it has finished and run again."
    if code in (193, 194, 516):
        return (
            f"{place} refuses user {place.user!r}: check PLUMBLINE_CLICKHOUSE_USER and "
            "PLUMBLINE_CLICKHOUSE_PASSWORD."
        )
    if code in (81, 497):
        return (
            f"{place} has no database that user {place.user!r} may use: create it, grant the right to, or "
            f"choose another PLUMBLINE_CLICKHOUSE_PREFIX. It said: {message}"
        )
    if type(error).__name__ == "OperationalError":
        return (
            f"{place} cannot be reached: check PLUMBLINE_CLICKHOUSE_HOST, PLUMBLINE_CLICKHOUSE_PORT and "
            "PLUMBLINE_CLICKHOUSE_SECURE, and that it runs."
        )
    return f"{place} failed: {message}"
