"""A report as HTML: one file to look at and to forward."""

from __future__ import annotations

from imgindex.query.formats.sink import Sink
from imgindex.report.html.page import render_page
from imgindex.report.model import Report

__all__ = ["render_page", "write_html"]


def write_html(report: Report, sink: Sink) -> None:
    """Write the report as a page that needs no other file and no network."""
    sink.write(render_page(report))
