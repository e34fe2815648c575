"""CSV for spreadsheets and programs: a header, commas, `\\n` at each line's end, UTF-8.

NULL is an empty cell and empty text is `""`; where there is one column only, both are `""`, since readers skip empty
lines. Text that a spreadsheet would take for a formula gets an apostrophe before it: names and labels come from whoever
built an image. Programs that want every byte take JSON or Parquet.

https://www.rfc-editor.org/rfc/rfc4180 and https://owasp.org/www-community/attacks/CSV_Injection

    name,size_bytes        '=HYPERLINK(1),12
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from imgindex.query.formats.cells import text_of
from imgindex.query.formats.sink import Counted, Sink, Written
from imgindex.query.result import Result

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""How text starts that a spreadsheet runs, or runs once it has dropped the blank."""

_QUOTED = re.compile(r'[",\r\n]|^\s|\s$|^$')


def write_csv(result: Result, sink: Sink, limit: int | None) -> Written:
    """A header, then a line a row; text may hold line breaks within quotes."""
    sink.write(_line(_defused(column.name) for column in result.columns))
    rows = Counted(result, limit)
    for row in rows:
        cells = (
            _defused(value) if isinstance(value, str) else text_of(value, column)
            for value, column in zip(row, result.columns, strict=True)
        )
        sink.write(_line(cells))
    return rows.written()


def _defused(text: str) -> str:
    return "'" + text if text.startswith(FORMULA) else text


def _line(cells: Iterable[str | None]) -> str:
    return (",".join(_cell(cell) for cell in cells) or '""') + "\n"


def _cell(text: str | None) -> str:
    if text is None:
        return ""
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text
