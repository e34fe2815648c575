"""Parquet, written by a second DuckDB in memory, whatever engine the rows come from.

The contract's types are kept: BIGINT, VARCHAR, BOOLEAN, TIMESTAMPTZ (microseconds, UTC), UUID. HUGEINT, for which
Parquet has no type, is DECIMAL(38,0) and no DOUBLE, which would lose digits; a PostgreSQL numeric without a size is
DECIMAL(38,9); lists, structs and intervals are JSON or ISO 8601 text.

https://parquet.apache.org/docs/file-format/types/
"""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imgindex.errors import QueryError, UsageError
from imgindex.query.formats.cells import text_of
from imgindex.query.formats.names import check_names
from imgindex.query.formats.sink import Sink, Written
from imgindex.query.result import Column, Result, Row

if TYPE_CHECKING:
    import duckdb

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INTEGERS = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"})
_TYPES = {
    "TEXT": "VARCHAR",
    "DECIMAL": "DECIMAL(38,9)",
    "HUGEINT": "DECIMAL(38,0)",
    "UHUGEINT": "DECIMAL(38,0)",
} | {
    name: name for name in ("BOOLEAN", "TIMESTAMPTZ", "TIMESTAMP", "DATE", "TIME", "UUID", "UBIGINT", "FLOAT", "DOUBLE")
}


def write_parquet(result: Result, sink: Sink, limit: int | None) -> Written:
    """One file, compressed with zstd. Raises UsageError for a terminal, and where two columns have one name."""
    import duckdb

    if sink.terminal:
        raise UsageError("Parquet is no text: name a file with -o, or send the output on to another program.")
    check_names([Column(column.name.casefold(), column.type) for column in result.columns])
    with tempfile.TemporaryDirectory(prefix="imgindex-") as folder:
        # Rows that memory does not hold go to the folder, too.
        connection = duckdb.connect(":memory:", config={"temp_directory": folder})
        try:
            written = _load(connection, result, limit)
            file = Path(folder, "rows.parquet")
            named = ", ".join(f"c{n} AS {_quoted(column.name)}" for n, column in enumerate(result.columns))
            connection.execute(f"COPY (SELECT {named} FROM loaded) TO '{file}' (FORMAT parquet, COMPRESSION zstd)")
        except duckdb.Error as error:
            raise QueryError(f"Parquet cannot hold it: {str(error).partition(chr(10))[0]}") from error
        finally:
            connection.close()
        with file.open("rb") as content:
            shutil.copyfileobj(content, sink.binary)
    return written


def _load(connection: duckdb.DuckDBPyConnection, result: Result, limit: int | None) -> Written:
    """Copy the rows, batch by batch, into the table `loaded`."""
    types = [_stored_type(column) for column in result.columns]
    connection.execute(f"CREATE TABLE loaded ({', '.join(f'c{n} {kind}' for n, kind in enumerate(types))})")
    casts = ", ".join(
        _cast(number, column, kind) for number, (column, kind) in enumerate(zip(result.columns, types, strict=True))
    )
    rows = 0
    for batch in result.batches:
        kept = batch if limit is None else batch[: limit - rows]
        if kept:
            connection.register("batch", _arrays(result.columns, kept))
            connection.execute(f"INSERT INTO loaded SELECT {casts} FROM batch")
            connection.unregister("batch")
        rows += len(kept)
        if len(kept) < len(batch):
            return Written(rows, True)
    return Written(rows, False)


def _stored_type(column: Column) -> str:
    if column.type in _INTEGERS or column.type.startswith("DECIMAL("):
        return column.type
    return "BLOB" if column.type == "BLOB" else _TYPES.get(column.type, "VARCHAR")


def _cast(number: int, column: Column, kind: str) -> str:
    """What makes the column's own type of what `_arrays` gives."""
    name = f"c{number}"
    match column.type:
        case "TIMESTAMPTZ":
            made = f"make_timestamptz({name})"
        case "TIMESTAMP":
            made = f"make_timestamp({name})"
        case "BLOB":
            made = f"unhex({name})"
        case _:
            made = f"CAST({name} AS {kind})"
    return f"CASE WHEN missing{number} THEN NULL ELSE {made} END"


def _is_integer(column: Column) -> bool:
    """Whether its values are handed over as integers: numbers, and microseconds since 1970."""
    return column.type in _INTEGERS or column.type in ("TIMESTAMPTZ", "TIMESTAMP")


def _arrays(columns: list[Column], rows: list[Row]) -> dict[str, Any]:
    """Two numpy arrays a column: integers or text, and which are missing. Not every DuckDB takes a mask or None."""
    import numpy

    arrays: dict[str, Any] = {}
    for number, column in enumerate(columns):
        values = [row[number] for row in rows]
        arrays[f"missing{number}"] = numpy.array([value is None for value in values], dtype=bool)
        if _is_integer(column):
            arrays[f"c{number}"] = numpy.array([_integer(value) for value in values], dtype=numpy.int64)
        else:
            texts = numpy.empty(len(values), dtype=object)
            texts[:] = [text_of(value, column) or "" for value in values]
            arrays[f"c{number}"] = texts
    return arrays


def _integer(value: Any) -> int:
    match value:
        case None:
            return 0
        case str():
            raise QueryError(f"Parquet cannot hold {value}: it is outside the years 1 to 9999.")
        case datetime():
            moment = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
            return (moment - _EPOCH) // timedelta(microseconds=1)
        case _:
            return int(value)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
