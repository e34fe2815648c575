"""Where rows are written to, and how many of them.

A sink is text for people and programs, or bytes for Parquet; a terminal is a sink that must be protected from what a
store's text may hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple, TextIO

from imgindex.query.formats.cells import printable
from imgindex.query.result import Result, Row


class Written(NamedTuple):
    """What became of a result."""

    rows: int
    cut: bool
    """There were more rows than were asked for."""


@dataclass(frozen=True, slots=True)
class Sink:
    """A place to write to."""

    stream: TextIO
    terminal: bool = False
    """A person looks at it: control characters are shown instead of obeyed."""
    width: int | None = None
    """How many columns a line may have; None = as many as it needs."""
    color: bool = False
    """Whether it understands bold and dim."""

    def write(self, text: str) -> None:
        self.stream.write(printable(text, keep="\n\t") if self.terminal else text)

    def write_styled(self, text: str) -> None:
        """Write text whose cells are made printable already, and which may have styles of our own."""
        self.stream.write(text)

    @property
    def binary(self) -> BinaryIO:
        """The bytes below the text, all text before it written out."""
        self.stream.flush()
        return self.stream.buffer


class Counted:
    """The rows of a result up to a limit; reading one more than the limit tells whether it was cut."""

    def __init__(self, result: Result, limit: int | None) -> None:
        self._result = result
        self._limit = limit
        self.rows = 0
        self.cut = False

    def __iter__(self) -> Iterator[Row]:
        for row in self._result.rows():
            if self._limit is not None and self.rows == self._limit:
                self.cut = True
                return
            self.rows += 1
            yield row

    def written(self) -> Written:
        return Written(self.rows, self.cut)
