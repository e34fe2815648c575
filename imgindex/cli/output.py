"""Where a command's result goes: to stdout, or to a file that appears when it is whole.

What is not the result (progress, notes, summaries) goes to stderr through `note`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING

import typer

from imgindex.cli.options import Format
from imgindex.errors import UsageError, quote

if TYPE_CHECKING:
    from imgindex.query.formats.sink import Sink
    from imgindex.query.result import Result


def print_result(
    result: Result,
    format_name: Format | None = None,
    output: Path | None = None,
    limit: int | None = None,
    width: int | None = None,
) -> int:
    """Write a result to where the options say, and close it. Returns the number of rows written.

    `width`: how wide a table is where no terminal or COLUMNS says it; as wide as it needs, if None.
    """
    from imgindex.query.formats import write

    with result:
        chosen = choose_format(format_name, output)
        with open_sink(output, width) as sink:
            written = write(result, chosen, sink, limit)
    if written.cut and chosen != "table":
        note(f"There are more than these {written.rows:,} rows; --limit cut them off.")
    return written.rows


def choose_format(format_name: Format | None, output: Path | None) -> Format:
    """The format that is asked for, else that of the file's suffix. Asked before a query runs, it spares a vain wait.

    Raises UsageError for a suffix that says nothing.
    """
    from imgindex.query.formats import format_of

    return format_name or Format(format_of(output))


def print_heading(text: str, call: str | None = None) -> None:
    """A line on stdout above a table, and the call that prints the table."""
    with open_sink(None) as sink:
        sink.write_styled(f"\n\x1b[1m{text}\x1b[0m\n" if sink.color else f"\n{text}\n")
        if call is not None:
            sink.write(f"$ {call}\n")


def note(text: str) -> None:
    """A line on stderr."""
    typer.echo(text, err=True)


@contextmanager
def open_sink(output: Path | None, width: int | None = None) -> Iterator[Sink]:
    """The place to write to: stdout, or a file under a temporary name that it loses when all went well."""
    from imgindex.query.formats.sink import Sink

    if output is None:
        terminal = sys.stdout.isatty()
        yield Sink(sys.stdout, terminal, _width(terminal) or width, terminal and not os.environ.get("NO_COLOR"))
        sys.stdout.flush()
        return
    place = Path(os.path.realpath(output))
    if place.exists() and not place.is_file():
        if place.is_dir():
            raise UsageError(f"{quote(output)} is a folder; -o names a file.")
        with place.open("w", encoding="utf-8", newline="") as stream:
            yield Sink(stream)  # A device or a pipe cannot be replaced.
        return
    part = place.with_name(f".{place.name}.{os.getpid()}.part")
    try:
        with part.open("x", encoding="utf-8", newline="") as stream:
            yield Sink(stream)
        part.replace(place)
    except OSError as error:
        raise UsageError(f"{quote(output)} cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)


def _width(terminal: bool) -> int | None:
    """The terminal's width; elsewhere only what COLUMNS asks for."""
    if terminal:
        return get_terminal_size().columns
    columns = os.environ.get("COLUMNS", "")
    return int(columns) if columns.isdecimal() and int(columns) > 0 else None
