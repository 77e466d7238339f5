"""Where the data lies."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class DataPaths:
    """The data folder and its parts; nothing is created by naming it."""

    root: Path

    @classmethod
    def from_env(cls, flag: str | None) -> DataPaths:
        """The flag, else PLUMBLINE_DATA, else `data`; relative paths are relative to the project root."""
        return cls(PROJECT_ROOT / (flag or os.environ.get("PLUMBLINE_DATA") or "data"))

    @property
    def raw(self) -> Path:
        return self.root / "raw"

    @property
    def landed(self) -> Path:
        return self.root / "landed"

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse"

    @property
    def serving(self) -> Path:
        return self.root / "serving"

    @property
    def report(self) -> Path:
        return self.root / "report"
