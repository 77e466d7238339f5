"""The raw drop: which files were received, from which stream, and when."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path

NO_FOLDER = "(none)"  # product or stream of a file that lies too high in the drop


@dataclass(frozen=True)
class RawFile:
    """One received file. `source_file` is its path below the raw folder; `received_at` is UTC."""

    path: Path
    source_file: str
    product: str
    stream: str
    received_at: datetime


def raw_files(raw: Path, landed_at: datetime) -> list[RawFile]:
    """Every regular file below `raw`, the first received first (ties by path).

    Names that begin with a dot or an underscore, and all below such a folder, are not part of the drop. A
    file that lies too high has a product or stream `(none)`. It arrives at the end of the day that its
    innermost folder `received_date=YYYY-MM-DD` names, else (or when there is no such day) at `landed_at`.
    Times are UTC.
    """
    found = [_raw_file(raw, path, landed_at) for path in _visible_files(raw)]
    return sorted(found, key=lambda file: (file.received_at, file.source_file))


def _visible_files(raw: Path) -> Iterator[Path]:
    seen = set()  # a link to a folder is followed, once
    for folder, subfolders, names in os.walk(raw, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            subfolders.clear()
            continue
        seen.add(real)
        subfolders[:] = sorted(name for name in subfolders if name[0] not in "._")
        visible = (Path(folder, name) for name in names if name[0] not in "._")
        yield from (path for path in visible if path.is_file())


def _raw_file(raw: Path, path: Path, landed_at: datetime) -> RawFile:
    parts = [_text(part) for part in path.relative_to(raw).parts]
    folders = [part for part in parts[:-1] if not part.startswith("received_date=")]
    product, stream, *_ = [*folders, NO_FOLDER, NO_FOLDER]
    days = [day for part in parts[:-1] if (day := _received_date(part))]
    received_at = datetime.combine(days[-1], time.max) if days else landed_at
    return RawFile(path, "/".join(parts), product, stream, received_at)


def _received_date(folder: str) -> date | None:
    match = re.fullmatch(r"received_date=(\d{4}-\d{2}-\d{2})", folder, re.ASCII)
    try:
        return date.fromisoformat(match[1]) if match else None
    except ValueError:
        return None


def _text(name: str) -> str:
    """File names are bytes: those that are not UTF-8 are shown with backslashes."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
