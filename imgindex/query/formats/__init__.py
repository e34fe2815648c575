"""The formats that a result is written in. Each is a module of its name, imported when it is asked for.

Every format gets its cells from `cells`, so a value is written alike everywhere: times are ISO 8601 in UTC, sizes are
integers, and text from a store can neither move a terminal's cursor nor become a formula of a spreadsheet.

    with run_query(engine, query) as result:
        written = write(result, "csv", Sink(sys.stdout))
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path

from imgindex.errors import UsageError, quote
from imgindex.query.formats.sink import Sink, Written
from imgindex.query.result import Result

__all__ = ["FORMATS", "TABLE_ROWS", "Sink", "Written", "format_by_suffix", "format_of", "write"]

FORMATS: dict[str, str] = {
    "table": "table",
    "json": "json",
    "jsonl": "json",
    "csv": "csv",
    "markdown": "markdown",
    "parquet": "parquet",
}
"""Each format and the module that writes it."""

SUFFIXES = {
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".md": "markdown",
    ".parquet": "parquet",
    ".txt": "table",
    "": "table",
}
"""The format that a file's suffix asks for."""

TABLE_ROWS = 500
"""How many rows a table shows where nobody says otherwise: its columns' widths need all rows at once."""


def format_of(path: Path | None) -> str:
    """The format that a file's name asks for; a table where there is no file, and for a name without a suffix.

    Raises UsageError for a suffix that says nothing: a table in a file called .xlsx is not what was meant.
    """
    return "table" if path is None else format_by_suffix(path, SUFFIXES)


def format_by_suffix(path: Path, suffixes: Mapping[str, str]) -> str:
    """The format that a file's suffix asks for. Raises UsageError, with all there are, for one that asks for none."""
    try:
        return suffixes[path.suffix.lower()]
    except KeyError:
        known = ", ".join(filter(None, suffixes))
        raise UsageError(
            f'"{quote(path.name)}" has the suffix of no format. There are {known}; or say it with --format.'
        ) from None


def write(result: Result, format_name: str, sink: Sink, limit: int | None = None) -> Written:
    """Write the rows, at most `limit` of them, and say how many there were and whether more were left.

    `limit` None = all, but in a table `TABLE_ROWS`; 0 = all in a table too. Raises UsageError for an unknown format,
    and for what the format cannot hold or the sink cannot take; QueryError while rows are read.
    """
    if format_name not in FORMATS:
        raise UsageError(f'There is no format "{quote(format_name)}". There are: {", ".join(FORMATS)}.')
    if limit is None and format_name == "table":
        limit = TABLE_ROWS
    writer = importlib.import_module(f"imgindex.query.formats.{FORMATS[format_name]}")
    written: Written = getattr(writer, f"write_{format_name}")(result, sink, limit or None)
    return written
