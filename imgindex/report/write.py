"""The formats that a report is written in. Each is a module of its own, imported when it is asked for."""

from __future__ import annotations

import importlib
from pathlib import Path

from imgindex.errors import UsageError, quote
from imgindex.query.formats import Sink, format_by_suffix
from imgindex.report.model import Report

WRITERS = {
    "html": "imgindex.report.html.write_html",
    "md": "imgindex.report.markdown.write_markdown",
    "json": "imgindex.report.json.write_json",
}
"""Each format, and the function that takes a report and a sink."""

SUFFIXES = {".html": "html", ".htm": "html", ".md": "md", ".markdown": "md", ".json": "json"}
"""The format that a file's suffix asks for."""


def format_of(path: Path | None) -> str:
    """The format that a file's name asks for; Markdown, which a terminal can show, where there is no file.

    Raises UsageError for a suffix that says nothing.
    """
    return "md" if path is None else format_by_suffix(path, SUFFIXES)


def write_report(report: Report, format_name: str, sink: Sink) -> None:
    """Write the report. Raises UsageError for an unknown format."""
    if format_name not in WRITERS:
        raise UsageError(f'There is no format "{quote(format_name)}". There are: {", ".join(WRITERS)}.')
    module, _, writer = WRITERS[format_name].rpartition(".")
    getattr(importlib.import_module(module), writer)(report, sink)
