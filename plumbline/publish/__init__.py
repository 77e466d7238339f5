"""Publication: what readers see is always one whole, passing build."""

from plumbline.publish.served_files import Published, publish_duckdb
from plumbline.publish.stamp import Stamp, read_stamp, remove_stamp, write_stamp

__all__ = ["Published", "Stamp", "publish_duckdb", "read_stamp", "remove_stamp", "write_stamp"]
