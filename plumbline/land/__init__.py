"""Landing: the raw drop becomes landed lines, byte for byte, with a fault where the bytes are unusable.

drop.py      which files were received, from which stream, when
lines.py     bytes of a file → physical lines
tables.py    CSV records and Parquet rows → JSON object text
verdict.py   is a line a strict JSON object? (doubt.py: which lines need an exact look)
landed.py    the landed Parquet files and the file manifest
lander.py    all of it, in threads
"""

from plumbline.land.landed import ensure_landed_dir
from plumbline.land.lander import LandResult, land

__all__ = ["LandResult", "ensure_landed_dir", "land"]
