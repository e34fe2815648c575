"""A table for a person: as wide as the terminal, numbers to the right, NULL never an empty cell.

Where the columns do not fit, digests are cut to their first 12 digits, then long text is folded, and where even that
does not help, each row is a block of `name  value` lines. Where nobody looks (a pipe, a file), nothing is cut or
folded. A cut result says so in its last line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from imgindex.query.formats.cells import printable, text_of
from imgindex.query.formats.layout import cell_width, fold, pad, share_width
from imgindex.query.formats.sink import Counted, Sink, Written
from imgindex.query.result import Column, Result

GAP = "  "
LINES = 4
"""How many lines a folded cell may have; a row that is alone has as many as it needs."""
LEAST_TEXT = 12
"""How narrow a column of text may become."""

WHOLE = frozenset({"BOOLEAN", "TIMESTAMPTZ", "TIMESTAMP", "DATE", "TIME", "UUID"})
"""Types that are never folded, as numbers are not."""

_DIGEST = re.compile(r"([a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-f]{12})[0-9a-f]{20,}")
_CUT_DIGEST = re.compile(r"[a-z0-9.+_-]{3,16}:[0-9a-f]{12}")
_BOLD, _DIM, _END = "\x1b[1m", "\x1b[2m", "\x1b[0m"

Cell = str | None


def write_table(result: Result, sink: Sink, limit: int | None) -> Written:
    """The rows as a table, or as blocks where a table does not fit."""
    counted = Counted(result, limit)
    columns = [Column(printable(column.name), column.type) for column in result.columns]
    rows = [[shown_cell(value, column) for value, column in zip(row, columns, strict=True)] for row in counted]
    if columns:
        for line in table_lines(columns, rows, sink):
            sink.write_styled(line.rstrip() + "\n")
    sink.write_styled(style(_footer(counted.written()), _DIM, sink) + "\n")
    return counted.written()


def _footer(written: Written) -> str:
    if written.cut:
        return f"{written.rows:,} of more than {written.rows:,} rows shown (--limit N shows N, --limit 0 all)"
    return "1 row" if written.rows == 1 else f"{written.rows:,} rows"


def shown_cell(value: object, column: Column) -> Cell:
    """A cell's text, its lines kept apart; sizes get thousands separators."""
    if isinstance(value, int) and column.name.endswith("_bytes"):
        return f"{value:,}"
    text = text_of(value, column)
    return None if text is None else printable(text.replace("\r\n", "\n"), keep="\n")


def table_lines(columns: list[Column], rows: list[list[Cell]], sink: Sink) -> Iterator[str]:
    """The lines of a table of these cells, or of blocks where it does not fit."""
    if sink.width is None:
        yield from _table(columns, rows, _natural(columns, rows), sink)
        return
    available = sink.width - len(GAP) * (len(columns) - 1)
    shortened = rows
    if sum(_natural(columns, rows)) > available:
        shortened = [[cell and _DIGEST.sub(_cut, cell) for cell in row] for row in rows]
    wanted = _natural(columns, shortened)
    if sum(wanted) > available:
        wanted = [min(pair) for pair in zip(wanted, _folded(columns, shortened), strict=True)]
    widths = share_width(_least(columns, shortened), wanted, available)
    if widths is None:
        yield from _blocks(columns, rows, sink)
    else:
        yield from _table(columns, shortened, widths, sink)


def _cut(match: re.Match[str]) -> str:
    return match.group(1)


def _natural(columns: list[Column], rows: list[list[Cell]]) -> list[int]:
    """How wide each column is if nothing is folded."""
    return [max(cell_width(column.name), _content(rows, number)) for number, column in enumerate(columns)]


def _folded(columns: list[Column], rows: list[list[Cell]]) -> list[int]:
    """How wide each column is if the names above numbers are folded between their words, which leaves room for text."""
    return [
        max(_content(rows, number), *(len(word) + 1 for word in column.name.split("_")))
        if column.is_number
        else max(cell_width(column.name), _content(rows, number))
        for number, column in enumerate(columns)
    ]


def _least(columns: list[Column], rows: list[list[Cell]]) -> list[int]:
    """How wide each column must be: numbers, times and cut digests whole, other text not below LEAST_TEXT."""
    least = []
    for number, column in enumerate(columns):
        content = _content(rows, number)
        if not (column.is_number or column.type in WHOLE):
            digests = [len(row[number] or "") for row in rows if _CUT_DIGEST.fullmatch(row[number] or "")]
            content = min(content, max(digests, default=LEAST_TEXT))
        least.append(max(content, 4))
    return least


def _content(rows: list[list[Cell]], number: int) -> int:
    return max((cell_width(row[number]) for row in rows), default=0)


def _table(columns: list[Column], rows: list[list[Cell]], widths: Sequence[int], sink: Sink) -> Iterator[str]:
    rights = [column.is_number for column in columns]
    yield from _row([column.name for column in columns], widths, rights, None, _BOLD, sink)
    yield GAP.join("─" * width for width in widths)
    lines = LINES if len(rows) > 1 and sink.width is not None else None
    for row in rows:
        yield from _row(row, widths, rights, lines, "", sink)


def _row(
    cells: Sequence[Cell], widths: Sequence[int], rights: list[bool], lines: int | None, code: str, sink: Sink
) -> Iterator[str]:
    folded = [fold("NULL" if cell is None else cell, width, lines) for cell, width in zip(cells, widths, strict=True)]
    for number in range(max(len(parts) for parts in folded)):
        texts = []
        for cell, parts, width, right in zip(cells, folded, widths, rights, strict=True):
            part = pad(parts[number], width, right=right) if number < len(parts) else " " * width
            texts.append(style(part, code if cell is not None else _DIM if number == 0 else "", sink))
        yield GAP.join(texts)


def _blocks(columns: list[Column], rows: list[list[Cell]], sink: Sink) -> Iterator[str]:
    """Each row as lines of a name and its value."""
    assert sink.width is not None
    names = max(cell_width(column.name) for column in columns)
    names = min(names, max(8, sink.width // 2))
    values = max(8, sink.width - names - len(GAP))
    for number, row in enumerate(rows, start=1):
        yield style(f"── {number} ".ljust(min(sink.width, names + len(GAP) + 20), "─"), _DIM, sink)
        for column, cell in zip(columns, row, strict=True):
            name = fold(column.name, names, None)
            parts = fold("NULL" if cell is None else cell, values, None if len(rows) == 1 else LINES)
            for line in range(max(len(name), len(parts))):
                left = style(pad(name[line] if line < len(name) else "", names), _BOLD, sink)
                right = parts[line] if line < len(parts) else ""
                yield left + GAP + style(right, _DIM if cell is None else "", sink)


def style(text: str, code: str, sink: Sink) -> str:
    """The text in a style, where the sink understands it."""
    return f"{code}{text}{_END}" if code and sink.color else text
