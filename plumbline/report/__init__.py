"""The report: a static site over the published marts, to be opened without any server."""

from plumbline.report.site import Report, write_report

__all__ = ["Report", "write_report"]
