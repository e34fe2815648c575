"""A copy of an index's tables in a new DuckDB file, with the schema, the views and all comments.

Tables are sorted by their keys, which packs them best. From DuckDB they are copied by DuckDB; from PostgreSQL they come
through a cursor on the server, some thousand rows at once, all in one transaction that reads and sees one moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, Table, text

from imgindex.query.export.workshop import INDEX, Workshop, is_server, literal
from imgindex.store import migrate
from imgindex.store.dialects.duckdb import array_of, select_of
from imgindex.store.engine import translated
from imgindex.store.schema import VIEWS, metadata
from imgindex.store.schema.parts import type_name

COPY = "copied_index"
BATCH_ROWS = 10_000
"""Rows that come from PostgreSQL at once."""

STORAGE_VERSION = "v1.0.0"
"""So that every client from 1.1 on opens the file."""
SMALL_BYTES = 64 * 1024 * 1024
"""Up to this size an index gets blocks of 16 KiB instead of 256 KiB: a small one takes a sixth of the room so, and one
of 500 MB a sixth more."""


class Watch(Protocol):
    """Where an export says how far it is."""

    def advance(self, documents: int, bytes_read: int) -> None: ...

    def tell(self, noun: str, count: int) -> None: ...


def copy_index(engine: Engine, workshop: Workshop, file: Path, names: Sequence[str], watch: Watch) -> dict[str, int]:
    """Make the file, with the rows of these tables; the others are there and empty. Returns how many rows each has.

    A DuckDB index is attached to the workshop.
    """
    small = ", BLOCK_SIZE 16384" if _size_of(engine) <= SMALL_BYTES else ""
    workshop.execute(f"ATTACH {literal(str(file))} AS {COPY} (STORAGE_VERSION '{STORAGE_VERSION}'{small})")
    workshop.execute(f"USE {COPY}")
    workshop.execute("BEGIN")
    for statement in migrate.creation("duckdb"):
        workshop.execute(statement)
    workshop.execute("COMMIT")
    rows: dict[str, int] = {}
    with _one_moment(engine) as connection:
        for table in (table for table in metadata.sorted_tables if table.name in names):
            copied = _copy_local(workshop, table) if connection is None else _copy_remote(connection, workshop, table)
            rows[table.name] = copied
            watch.tell("rows", copied)
            watch.advance(copied, 0)
    workshop.execute("USE memory")
    workshop.execute(f"CHECKPOINT {COPY}")
    workshop.execute(f"DETACH {COPY}")
    return rows


def tables_of(names: Sequence[str]) -> list[str]:
    """The tables that these tables and views are made of."""
    made_of = {view.name: set(view.sql.replace("(", " ").replace(")", " ").replace(",", " ").split()) for view in VIEWS}
    needed: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += [word for word in made_of.get(name, ()) if word in made_of or word in metadata.tables]
    return [table.name for table in metadata.sorted_tables if table.name in needed]


@contextmanager
def _one_moment(engine: Engine) -> Iterator[Connection | None]:
    """A transaction on the server, which sees nothing of what is written meanwhile; None for a file."""
    if not is_server(engine):
        yield None
        return
    with translated(engine):
        connection = engine.connect()
    with connection:
        yield connection.execution_options(isolation_level="REPEATABLE READ")


def _copy_local(workshop: Workshop, table: Table) -> int:
    columns = ", ".join(column.name for column in table.columns)
    answer = workshop.execute(
        f"INSERT INTO {table.name} ({columns}) SELECT {columns} FROM {INDEX}.{table.name} ORDER BY {_keys(table)}"
    )
    return int(answer[0][0])


def _copy_remote(connection: Connection, workshop: Workshop, table: Table) -> int:
    types = {column.name: type_name(column) for column in table.columns}
    count = 0
    for rows in _batches(connection, table, types):
        columns = dict(zip(types, zip(*rows, strict=True), strict=True))
        read = ", ".join(select_of(name, types[name], values) for name, values in columns.items())
        workshop.insert(
            f"INSERT INTO {table.name} ({', '.join(types)}) SELECT {read} FROM batch",
            {name: array_of(types[name], values) for name, values in columns.items()},
        )
        count += len(rows)
    return count


def _batches(connection: Connection, table: Table, types: dict[str, str]) -> Iterator[Sequence[Any]]:
    selected = ", ".join(_sent(name, kind) for name, kind in types.items())
    with translated(connection.engine):
        answer = connection.execution_options(stream_results=True, max_row_buffer=BATCH_ROWS).execute(
            text(f"SELECT {selected} FROM {table.name} ORDER BY {_keys(table)}")
        )
        while rows := answer.fetchmany(BATCH_ROWS):
            yield rows


def _sent(name: str, kind: str) -> str:
    """A column as PostgreSQL sends it: what `array_of` takes."""
    match kind:
        case "TIMESTAMPTZ":
            return f"CAST(EXTRACT(EPOCH FROM {name}) * 1000000 AS BIGINT) AS {name}"
        case "UUID":
            return f"CAST({name} AS TEXT) AS {name}"
        case _:
            return name


def _keys(table: Table) -> str:
    return ", ".join(column.name for column in table.primary_key.columns)


def _size_of(engine: Engine) -> int:
    if not is_server(engine):
        return Path(engine.url.database or "").stat().st_size
    with translated(engine), engine.connect() as connection:
        return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar() or 0)
