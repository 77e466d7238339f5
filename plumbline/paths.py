"""Where the data lies."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from plumbline.errors import PlumblineError

PROJECT_ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class DataPaths:
    """The data folder and its parts; nothing is created by naming it."""

    root: Path

    @classmethod
    def from_env(cls, flag: str | None) -> DataPaths:
        """The flag, else PLUMBLINE_DATA, else `data`; relative paths are relative to the project root.

        Raises PlumblineError when something other than a folder lies there.
        """
        root = PROJECT_ROOT / (flag or os.environ.get("PLUMBLINE_DATA") or "data")
        if root.exists() and not root.is_dir():
            raise PlumblineError(f"{root} is not a folder: set PLUMBLINE_DATA or --data to the data folder.")
        return cls(root)

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
