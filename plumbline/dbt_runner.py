"""`dbt build` in this process, told in the words of the closing summary."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plumbline.errors import PlumblineError
from plumbline.paths import PROJECT_ROOT

Progress = Callable[[str, int, int], None]

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult


@dataclass(frozen=True)
class Node:
    """What became of one model, seed or test; `failures` counts the rows a test found."""

    name: str
    kind: str
    status: str
    failures: int
    message: str
    description: str
    where: str
    compiled: str

    @property
    def passed(self) -> bool:
        """True when nothing stands against publication; warnings do not."""
        return self.status in ("success", "pass", "warn", "no-op")


@dataclass(frozen=True)
class DbtResult:
    """One dbt invocation and all its nodes."""

    invocation_id: str
    nodes: tuple[Node, ...]


def dbt_build(
    target: str,
    target_path: Path,
    log_path: Path,
    environment: Mapping[str, str],
    select: tuple[str, ...] = (),
    full_refresh: bool = False,
    progress: Progress | None = None,
) -> DbtResult:
    """Runs `dbt build`; `progress` hears (node, nodes done, nodes in all).

    The run works in a fresh folder that then replaces `target_path`, so that artifacts are always of one run.
    Raises PlumblineError when dbt could not run at all (project, profile or selection is wrong).
    """
    from dbt_common.invocation import get_invocation_id

    fresh = target_path.with_name(f".{target_path.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    arguments = [
        *("build", "--target", target, "--target-path", str(fresh), "--log-path", str(log_path)),
        *("--log-level", "none", "--log-level-file", "info"),
        *(["--full-refresh"] if full_refresh else []),
        # Of the tests over several models, those that need nothing else: the rest may never have been built.
        *(["--select", *select, "--indirect-selection", "buildable"] if select else []),
    ]
    outcome = invoke_dbt(arguments, environment, [_told(progress)] if progress else [])
    shutil.rmtree(target_path, ignore_errors=True)
    if fresh.exists():
        fresh.rename(target_path)
    if isinstance(outcome.exception, KeyboardInterrupt):
        raise outcome.exception
    if outcome.exception or outcome.result is None:
        raise PlumblineError(
            f"dbt could not run: {outcome.exception or 'it gave no result'}\nLog: {log_path / 'dbt.log'}."
        ) from outcome.exception
    return DbtResult(
        invocation_id=get_invocation_id(),
        nodes=tuple(_node(result, fresh, target_path) for result in outcome.result.results),
    )


def invoke_dbt(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    callbacks: Sequence[Callable[[Any], None]] = (),
) -> dbtRunnerResult:
    """Runs a dbt command on this project under extra environment variables and closes its database.

    The working folder and the environment are what they were afterwards.
    """
    from dbt.cli.main import dbtRunner

    folders = ["--project-dir", str(PROJECT_ROOT), "--profiles-dir", str(PROJECT_ROOT)]
    with _environment(environment):
        outcome = dbtRunner(callbacks=list(callbacks)).invoke([*arguments, *folders])
        _release_database()
    return outcome


def _node(result: Any, fresh: Path, target_path: Path) -> Node:
    node = result.node
    compiled = getattr(node, "compiled_path", None) or ""
    return Node(
        name=node.name,
        kind=str(node.resource_type),
        status=str(result.status),
        failures=result.failures or 0,
        message=result.message or "",
        description=getattr(node, "description", "") or "",
        where=node.original_file_path,
        compiled=compiled.replace(str(fresh), str(target_path)),
    )


def _told(progress: Progress) -> Callable[[Any], None]:
    """A dbt event callback that counts finished nodes."""
    done, total = 0, 0

    def hear(event: Any) -> None:
        nonlocal done, total
        if event.info.name == "LogStartLine":
            total = event.data.total
            progress(event.data.node_info.node_name, done, total)
        elif event.info.name == "NodeFinished":
            done += 1
            progress(event.data.node_info.node_name, done, total)

    return hear


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Environment variables for the time of a run; the working folder stays what it was."""
    before, folder = {name: os.environ.get(name) for name in values}, Path.cwd()
    os.environ.update(values)
    try:
        yield
    finally:
        os.chdir(folder)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _release_database() -> None:
    """dbt-duckdb keeps its file open until the process ends; publication needs it closed."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    if DuckDBConnectionManager._ENV is not None:
        DuckDBConnectionManager._ENV.close()
        DuckDBConnectionManager.close_all_connections()
