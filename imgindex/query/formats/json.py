"""JSON: an array of objects; JSONL: one object a line. Both are written as rows come.

Keys are the columns' names. `*_key` columns are strings, since a double holds integers up to 2^53 only; sizes are
integers; times are ISO 8601 in UTC; what JSON has no number for (NaN, Infinity) is a string.

https://www.rfc-editor.org/rfc/rfc8259 and https://jsonlines.org
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from imgindex.query.formats.cells import json_of
from imgindex.query.formats.names import check_names
from imgindex.query.formats.sink import Counted, Sink, Written
from imgindex.query.result import Column, Result, Row


def write_json(result: Result, sink: Sink, limit: int | None) -> Written:
    """An array with one object a line. Raises UsageError where two columns have one name."""
    check_names(result.columns)
    rows = Counted(result, limit)
    before = "[\n"
    for line in _objects(result.columns, rows):
        sink.write(before + line)
        before = ",\n"
    sink.write("\n]\n" if rows.rows else "[]\n")
    return rows.written()


def write_jsonl(result: Result, sink: Sink, limit: int | None) -> Written:
    """One object a line. Raises UsageError where two columns have one name."""
    check_names(result.columns)
    rows = Counted(result, limit)
    for line in _objects(result.columns, rows):
        sink.write(line + "\n")
    return rows.written()


def _objects(columns: list[Column], rows: Iterable[Row]) -> Iterator[str]:
    keys = [(json_of(column.name), column) for column in columns]
    for row in rows:
        members = (f"{key}: {json_of(value, column)}" for (key, column), value in zip(keys, row, strict=True))
        yield "{" + ", ".join(members) + "}"
