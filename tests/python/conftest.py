"""Shared fixtures: the project, dbt in this process, and one small demo drop that is built once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from plumbline import cli
from plumbline.dbt_runner import invoke_dbt
from plumbline.paths import PROJECT_ROOT, DataPaths

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult

Command = Callable[..., tuple[int, str]]
RunDbt = Callable[[Sequence[str], Path], "dbtRunnerResult"]


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The repository."""
    return PROJECT_ROOT


@pytest.fixture(scope="session")
def run_dbt() -> RunDbt:
    """`run_dbt(["build", "--select", ...], data_dir)`: dbt on the project over one data folder, quietly.

    Each data folder has its own target folder: what dbt remembers of a parse names the data folder.
    """

    def run(arguments: Sequence[str], data_dir: Path) -> dbtRunnerResult:
        folders = ["--target-path", str(data_dir / "target"), "--log-path", str(data_dir / "logs")]
        return invoke_dbt([*arguments, *folders, "--log-level", "none"], {"PLUMBLINE_DATA": str(data_dir)})

    return run


@pytest.fixture(scope="session")
def built_demo(tmp_path_factory: pytest.TempPathFactory) -> DataPaths:
    """A small demo drop (300 people, 40 days, 3 % dirt), landed, built and published; read it only."""
    from plumbline.build import build
    from plumbline.demo import write_demo

    paths = DataPaths(tmp_path_factory.mktemp("demo"))
    write_demo(paths.raw, users=300, days=40, seed=11, dirty=0.03, start=date(2026, 1, 1))
    result = build(paths, Console(quiet=True))
    failed = [f"{node.name}: {node.message}" for node in result.dbt.nodes if not node.passed]
    assert not failed, "the demo drop must build: " + "; ".join(failed[:10])
    return paths


@pytest.fixture
def plumbline(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """`plumbline("build", "--data", dir)` → (exit code, all it printed with its white space folded)."""

    def run(*arguments: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["plumbline", *map(str, arguments)])
        capfd.readouterr()
        try:
            cli.main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
        return code, " ".join("".join(capfd.readouterr()).split())

    return run
