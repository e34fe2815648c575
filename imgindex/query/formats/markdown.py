"""A table for issues, merge requests and wikis. NULL is written *NULL*, which no text can look like.

Text from a store is written so that it stays text: no HTML, no image, no emphasis, no further cell, and no link but
what a renderer makes of a bare address.

https://github.github.com/gfm/#tables-extension-
"""

from __future__ import annotations

import re

from imgindex.query.formats.cells import printable, text_of
from imgindex.query.formats.sink import Counted, Sink, Written
from imgindex.query.result import Result

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_MARKS = re.compile(r"[\\`*\[\]|~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")


def write_markdown(result: Result, sink: Sink, limit: int | None) -> Written:
    """A header, the line below it, and a line a row; numbers stand right."""
    sink.write(_line([escape_text(column.name) for column in result.columns]))
    sink.write(_line(["---:" if column.is_number else "---" for column in result.columns]))
    rows = Counted(result, limit)
    for row in rows:
        texts = [text_of(value, column) for value, column in zip(row, result.columns, strict=True)]
        sink.write(_line(["*NULL*" if text is None else escape_text(text) for text in texts]))
    return rows.written()


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |\n"


def escape_text(text: str) -> str:
    """Text that is shown as it is. Line breaks become <br>; other control characters become visible."""
    shown = printable(text.replace("\r\n", "\n"), keep="\n")
    marked = _MARKS.sub(lambda match: "\\" + match.group(), shown)
    return "".join(_ENTITIES.get(character, character) for character in marked).replace("\n", "<br>")
