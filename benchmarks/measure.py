"""What the benchmarks share: stores to read, processes run and measured from outside, and tables of what came of it.

Figures are minimum, median and maximum over the rounds; a ratio is taken pair by pair, so that a machine whose speed
drifts falsifies neither. Peak memory is what the operating system says of the finished process.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from generate import generate

IMGINDEX = [sys.executable, "-c", "from imgindex.cli.main import run; run()"]
"""The program, as the installed script runs it."""

IMAGES = 5000
"""Images of the store that is generated where none is given."""


class Usage(NamedTuple):
    """What a finished process took."""

    wall: float
    """Seconds."""
    cpu: float
    """User and system seconds."""
    peak_bytes: int


def run(command: Sequence[str]) -> Usage:
    """Run a command to its end, its output thrown away. Raises CalledProcessError where it fails."""
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, stderr=said)
    scale = 1 if sys.platform == "darwin" else 1024
    return Usage(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * scale)


@contextmanager
def open_stores(given: Sequence[str]) -> Iterator[list[str]]:
    """The folders of the stores that were given, or one that is generated for the time being."""
    if given:
        yield list(given)
        return
    with tempfile.TemporaryDirectory(prefix="imgindex-bench-") as folder:
        store = str(Path(folder, "layout"))
        made = generate(Path(store), IMAGES, seed=1)
        print(f"generated layout: {IMAGES:,} images, {made.documents:,} documents, {made.layers:,} layers, seed 1\n")
        yield [store]


@contextmanager
def new_folder() -> Iterator[Path]:
    """A folder for databases, removed at the end."""
    with tempfile.TemporaryDirectory(prefix="imgindex-bench-") as folder:
        yield Path(folder)


def count_rows(db: Path) -> int:
    """The rows of all tables of an index."""
    import duckdb

    with duckdb.connect(str(db), read_only=True) as connection:
        tables = [name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        counts = [connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone() for table in tables]
    return sum(count[0] for count in counts if count)


def seconds(values: Sequence[float]) -> list[str]:
    return spread(values, "{:.2f}")


def spread(values: Sequence[float], form: str) -> list[str]:
    """Minimum, median and maximum as text."""
    return [form.format(value) for value in (min(values), statistics.median(values), max(values))]


def print_spreads(title: str, rows: Sequence[tuple[str, Sequence[str]]]) -> None:
    """A Markdown table of what was measured."""
    print(f"{title}\n")
    print_table(["", "min", "median", "max"], [[name, *values] for name, values in rows])


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A Markdown table, its columns aligned."""
    lines = [list(header), *map(list, rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(header))]
    for number, line in enumerate(lines):
        cells = [
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        print(f"| {' | '.join(cells)} |")
        if number == 0:
            print(f"|{'|'.join('-' * (width + 1) + (':' if place else '-') for place, width in enumerate(widths))}|")
    print(flush=True)
