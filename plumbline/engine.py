"""Database connections: the only place in the package that opens one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from plumbline.errors import PlumblineError


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
