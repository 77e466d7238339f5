"""dbt-duckdb plugin: plain `dbt` works on a fresh clone, before anything has landed."""

from __future__ import annotations

from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin

from plumbline.land import ensure_landed_dir
from plumbline.paths import DataPaths


class Plugin(BasePlugin):
    """Makes the landed folder (zero-row files) and the warehouse folder exist before dbt connects."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Runs once per dbt process, before the database file is opened."""
        paths = DataPaths.from_env(None)
        ensure_landed_dir(paths)
        paths.warehouse.mkdir(parents=True, exist_ok=True)
