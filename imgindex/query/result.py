"""What a query answers: named and typed columns, and rows that come in batches.

Rows are read as they are asked for, so a result must be used up or closed. Types are the contract's: BIGINT, TEXT,
BOOLEAN and TIMESTAMPTZ, whatever the engine calls them; a type beyond these four keeps DuckDB's word for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

Row: TypeAlias = tuple[Any, ...]

_NAMES = {
    "VARCHAR": "TEXT",
    "BPCHAR": "TEXT",
    "NAME": "TEXT",
    "UNKNOWN": "TEXT",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ",
    "INT8": "BIGINT",
    "INT4": "INTEGER",
    "INT2": "SMALLINT",
    "OID": "BIGINT",
    "BOOL": "BOOLEAN",
    "FLOAT8": "DOUBLE",
    "FLOAT4": "FLOAT",
    "NUMERIC": "DECIMAL",
    "BYTEA": "BLOB",
    "JSONB": "JSON",
}
_WORD = re.compile(r"(?P<word>[A-Za-z][A-Za-z0-9 ]*)(?P<size>\(\d+(?:, ?\d+)?\))?(?P<list>(?:\[\d*\])*)")
_INTEGERS = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"})
_UNSIGNED = frozenset({"UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"})
_NUMBERS = _INTEGERS | _UNSIGNED | {"FLOAT", "DOUBLE", "DECIMAL"}


class Column(NamedTuple):
    """One column of a result."""

    name: str
    type: str

    @property
    def is_number(self) -> bool:
        return self.type.partition("(")[0] in _NUMBERS


def type_name(written: str) -> str:
    """The contract's name of a type as DuckDB or psycopg writes it; what is not known stays as it is."""
    match = _WORD.fullmatch(written)
    if match is None:
        return written
    word, size, lists = match.group("word", "size", "list")
    name = _NAMES.get(word.upper(), word.upper())
    sized = size.replace(" ", "") if size and name == "DECIMAL" else ""
    return name + sized + (lists or "")


@dataclass(slots=True)
class Result:
    """The answer to a query. A context manager: leaving it gives the connection back."""

    columns: list[Column]
    batches: Iterator[list[Row]]
    _close: Callable[[], None] | None = field(default=None, repr=False)

    def rows(self) -> Iterator[Row]:
        """The rows one by one."""
        for batch in self.batches:
            yield from batch

    def close(self) -> None:
        """Give the connection back; no more rows can be read."""
        if self._close is not None:
            self._close()
            self._close = None

    def __enter__(self) -> Result:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def make_result(columns: Sequence[tuple[str, str]], rows: Iterable[Row]) -> Result:
    """A result of rows that are at hand."""
    return Result([Column(name, kind) for name, kind in columns], iter([list(rows)]))
