"""`plumbline build`: land → dbt build in the private database → stamp → publish → summary."""

from __future__ import annotations

import fcntl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from rich import progress as bars
from rich.console import Console

from plumbline.dbt_runner import DbtResult, Progress, dbt_build
from plumbline.engine import connect, lock_sentence
from plumbline.errors import PlumblineError
from plumbline.land import LandResult, land
from plumbline.paths import PROJECT_ROOT, DataPaths
from plumbline.publish import Published, Stamp, publish_duckdb, remove_stamp, write_stamp
from plumbline.summary import print_summary
from plumbline.warehouse import Warehouse, open_warehouse


@dataclass
class Build:
    """One build: what was asked, what came of each stage, and how long each took (seconds)."""

    build_id: str
    warehouse: Warehouse
    partial: bool
    landed: LandResult | None = None
    dbt: DbtResult | None = None
    published: Published | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """True when every node of the dbt run succeeded or only warned."""
        return self.dbt is not None and all(node.passed for node in self.dbt.nodes)


def build(
    paths: DataPaths,
    console: Console,
    as_of: date | None = None,
    full_refresh: bool = False,
    target: str = "duckdb",
    select: tuple[str, ...] = (),
) -> Build:
    """Builds the warehouse, publishes it when everything was built and passed, and prints the summary.

    Raises PlumblineError when the environment does not let it run; failed models and tests are in the result.
    """
    started_at = datetime.now(UTC)
    commit = _git_commit()
    paths.warehouse.mkdir(parents=True, exist_ok=True)
    with _one_build(paths.warehouse), open_warehouse(target, paths) as warehouse:
        result = Build(started_at.strftime("%Y%m%dT%H%M%S%fZ"), warehouse, partial=bool(select))
        if warehouse.database.exists():
            with connect(warehouse.database) as connection:
                remove_stamp(connection)
        with _stage(result, console, "land") as progress:
            result.landed = land(paths, progress)
            warehouse.take_in(progress)
        target_path = paths.warehouse / "target"
        with _stage(result, console, "dbt build") as progress:
            result.dbt = dbt_build(
                target,
                target_path=target_path,
                log_path=paths.warehouse / "logs",
                environment={
                    "PLUMBLINE_DATA": str(paths.root),
                    "PLUMBLINE_AS_OF": as_of.isoformat() if as_of else "",
                    "PLUMBLINE_BUILD_ID": result.build_id,
                    "PLUMBLINE_BUILT_AT": started_at.strftime("%Y-%m-%d %H:%M:%S.%f"),
                    "PLUMBLINE_GIT_COMMIT": commit,
                },
                select=select,
                full_refresh=full_refresh,
                progress=progress,
            )
        _refuse_nothing(result.dbt, select)
        if result.passed and not result.partial:
            with _stage(result, console, "publish"):
                warehouse.hand_over(target_path / "manifest.json")
                with connect(warehouse.database) as connection:
                    write_stamp(connection, _stamp(result, commit))
                result.published = publish_duckdb(paths, warehouse.database)
        print_summary(result, paths, console)
    return result


def _refuse_nothing(dbt: DbtResult, select: tuple[str, ...]) -> None:
    """A locked database or an empty run is an error of the environment, not a failed test."""
    for node in dbt.nodes:
        sentence = lock_sentence(node.message)
        if sentence:
            raise PlumblineError(sentence)
    if not dbt.nodes:
        raise PlumblineError(
            f"Nothing to build: the selection {' '.join(select)!r} matches no model, seed or test."
            if select
            else "Nothing to build: the project has no models."
        )


def _stamp(result: Build, commit: str) -> Stamp:
    assert result.dbt is not None
    finished_at = datetime.now(UTC).replace(tzinfo=None)
    return Stamp(result.build_id, result.dbt.invocation_id, finished_at, commit, len(result.dbt.nodes))


def _git_commit() -> str:
    """The project's commit, with `-dirty` when tracked files differ from it; empty outside a repository."""
    try:
        told = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
            cwd=PROJECT_ROOT,
            capture_output=True,
            text=True,
        )
    except OSError:
        return ""
    return told.stdout.strip()


@contextmanager
def _one_build(warehouse: Path) -> Iterator[None]:
    """One build at a time per data folder; a second one is refused at once."""
    with (warehouse / ".build.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise PlumblineError(
                f"Another `plumbline build` is running in {warehouse.parent}: wait until it has finished."
            ) from error
        yield


@contextmanager
def _stage(result: Build, console: Console, name: str) -> Iterator[Progress]:
    """Shows a stage while it runs and notes its seconds; yields a callback (what, done, total)."""
    started = time.perf_counter()
    columns = (
        bars.SpinnerColumn(),
        bars.TextColumn("{task.description:<10}"),
        bars.BarColumn(bar_width=30),
        bars.MofNCompleteColumn(),
        bars.TimeElapsedColumn(),
        bars.TextColumn("{task.fields[what]}", markup=False),
    )
    if not console.is_terminal:
        console.print(f"{name} ...")
    with bars.Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(name, total=None, what="")
        yield lambda what, done, total: bar.update(task, completed=done, total=total, what=what)
    result.seconds[name] = time.perf_counter() - started
