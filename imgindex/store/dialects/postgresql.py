"""PostgreSQL's own way: columns go into temporary tables by binary COPY, and several writers take turns by locks.

Every connection here reads what others have committed by the time a statement begins (READ COMMITTED): what a writer waited
for, it then sees. Locks are PostgreSQL's advisory ones, numbers that stand for a source or for the whole index; they are
gone with the connection, so that a writer that dies holds up nobody. docs/adr/0014-several-writers.md has the protocol.

A temporary table lives no longer than its transaction unless a scan needs it for longer, and is analysed when it is
filled: PostgreSQL takes one that it knows nothing of for small, and joins it row by row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import duckdb
from sqlalchemy import Connection, CursorResult, text

from imgindex.store.schema import metadata
from imgindex.store.schema.parts import type_name
from imgindex.store.session import Columns

EPOCH = 946_684_800_000_000
"""Microseconds from 1970 to 2000, where PostgreSQL's times begin. In binary they are plain integers."""
FEW = 200
"""Rows that need no ANALYZE to be joined well."""

PAGE = 10_000
"""Rows of another index that are held at once."""

_COPIED_AS = {"UUID": "uuid", "BIGINT": "int8", "TIMESTAMPTZ": "int8", "BOOLEAN": "bool", "TEXT": "text"}
_SORTED_BY_BYTES = {"TEXT": 'TEXT COLLATE "C"'}

INDEX_LOCK = (0x696D67, 0x696478)
"""The advisory lock that stands for the whole index: shared by those who load, held alone by those who rebuild."""

_OUTGROWN = """
SELECT c.relname FROM pg_catalog.pg_class AS c
WHERE c.oid = ANY (SELECT CAST(n AS regclass) FROM unnest(CAST(:names AS TEXT[])) AS n)
    AND pg_relation_size(c.oid) > 8192 * (2 * c.relpages + 8)
ORDER BY c.relname
"""
"""Tables that are twice as large as when they were last analysed. The server does it by itself, but a minute too late."""


class PostgreSQL:
    """Implements `session.Dialect`."""

    name = "postgresql"
    integer_division = "/"
    on_conflict = "ON CONFLICT DO NOTHING"

    def stage(self, connection: Connection, name: str, columns: Columns) -> None:
        kinds = {column: kind for column, (kind, _) in columns.items()}
        self._fill(connection, name, kinds, zip(*(_values(kind, v) for kind, v in columns.values()), strict=True))

    def _fill(self, connection: Connection, name: str, kinds: dict[str, str], rows: Iterable[Sequence[Any]]) -> None:
        """Make a temporary table of these rows; times in them are counted from `EPOCH`."""
        self.unstage(connection, name)
        declared = ", ".join(f"{column} {_SORTED_BY_BYTES.get(kind, kind)}" for column, kind in kinds.items())
        connection.exec_driver_sql(f"CREATE TEMPORARY TABLE {name} ({declared}) ON COMMIT DROP")
        driver: Any = connection.connection.driver_connection
        count = 0
        with driver.cursor() as cursor, cursor.copy(f"COPY {name} FROM STDIN WITH (FORMAT binary)") as copy:
            copy.set_types([_COPIED_AS[kind] for kind in kinds.values()])
            write = copy.write_row
            for row in rows:
                write(row)
                count += 1
        if count > FEW:
            self.settle(connection, name)

    def unstage(self, connection: Connection, name: str) -> None:
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {name}")

    def settle(self, connection: Connection, name: str) -> None:
        connection.exec_driver_sql(f"ANALYZE {name}")

    def refresh(self, connection: Connection) -> None:
        for (name,) in connection.execute(text(_OUTGROWN), {"names": list(metadata.tables)}).fetchall():
            self.settle(connection, name)

    def changed(self, result: CursorResult[Any]) -> int:
        return result.rowcount

    def now(self, connection: Connection) -> datetime:
        found: datetime = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
        return found

    def begin(self, connection: Connection, *, alone: bool) -> None:
        shared = "" if alone else "_shared"
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock{shared}({INDEX_LOCK[0]}, {INDEX_LOCK[1]})")

    def begin_reading(self, connection: Connection) -> None:
        # Where the connection may not write, temporary tables are writes, too.
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ WRITE")

    def lock_rows(self, connection: Connection, select: str) -> None:
        connection.execute(text(f"SELECT COUNT(*) FROM ({select} FOR NO KEY UPDATE OF t) AS l"))

    def take_in(self, connection: Connection, path: str, number: int) -> str:
        prefix = f"other_{number}_"
        with duckdb.connect(path, read_only=True) as other:
            for table in metadata.tables.values():
                kinds = {column.name: type_name(column) for column in table.columns}
                picked = ", ".join(f"epoch_us({n}) - {EPOCH}" if k == "TIMESTAMPTZ" else n for n, k in kinds.items())
                found = other.execute(f"SELECT {picked} FROM {table.name}")
                self._fill(connection, f"{prefix}{table.name}", kinds, _pages(found))
        return prefix

    def try_source(self, connection: Connection, source_key: int) -> bool:
        found: bool = connection.execute(
            text("SELECT pg_try_advisory_lock(:source_key)"), {"source_key": source_key}
        ).scalar_one()
        return found

    def release_source(self, connection: Connection, source_key: int) -> None:
        connection.execute(text("SELECT pg_advisory_unlock(:source_key)"), {"source_key": source_key})


def _pages(found: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while page := found.fetchmany(PAGE):
        yield from page


def _values(kind: str, values: Sequence[Any]) -> Any:
    if kind == "TIMESTAMPTZ":
        return (None if value is None else value - EPOCH for value in values)
    return values
