"""One connection of a loader: SQL with named parameters, and columns of values that SQL can select from.

What differs between engines lies in `dialects`: how columns get in, and how a statement says what it changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TypeAlias
from uuid import UUID

from sqlalchemy import Connection, CursorResult, Engine, text

from imgindex.errors import StoreError
from imgindex.store.engine import translated

Columns: TypeAlias = Mapping[str, tuple[str, Sequence[Any]]]
"""Column name -> (type as users see it, values). Times are microseconds since 1970 UTC."""


class Dialect(Protocol):
    """What an engine does its own way."""

    name: str
    integer_division: str
    """The operator that divides integers and drops the remainder."""

    def stage(self, connection: Connection, name: str, columns: Columns) -> None:
        """Make `name` a relation of these columns, in place of an older one."""
        ...

    def unstage(self, connection: Connection, name: str) -> None: ...

    def changed(self, result: CursorResult[Any]) -> int:
        """How many rows an INSERT, UPDATE or DELETE touched."""
        ...

    def lock_source(self, connection: Connection, source_key: int) -> None:
        """Hold the right to decide what this source has until the transaction ends."""
        ...


class Session:
    """A connection, with the words a loader needs."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.dialect = _dialect_of(engine)
        with translated(engine):
            self._connection = engine.connect()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing. Raises StoreError where the engine refuses."""
        with translated(self.engine), self._connection.begin():
            yield

    def run(self, sql: str, **parameters: Any) -> int:
        """Execute a statement. Returns how many rows it touched."""
        return self.dialect.changed(self._connection.execute(text(sql), parameters))

    def execute(self, sql: str) -> None:
        """Execute a statement that touches no rows."""
        self._connection.execute(text(sql))

    def rows(self, sql: str, **parameters: Any) -> list[Any]:
        return list(self._connection.execute(text(sql), parameters).fetchall())

    def value(self, sql: str, **parameters: Any) -> Any:
        return self._connection.execute(text(sql), parameters).scalar()

    def stage(self, name: str, columns: Columns) -> None:
        """Make `name` a relation of these columns, until it is staged again or unstaged."""
        self.dialect.stage(self._connection, name, columns)

    def unstage(self, name: str) -> None:
        self.dialect.unstage(self._connection, name)

    def lock_source(self, source_key: int) -> None:
        self.dialect.lock_source(self._connection, source_key)

    def close(self) -> None:
        self._connection.close()
        self.engine.dispose()


def own_index(session: Session) -> UUID:
    """The key of the index that this database is: the one whose observations a scan adds to."""
    return UUID(
        str(
            session.value(
                "SELECT index_key FROM index_info WHERE merged_at IS NULL ORDER BY created_at, index_key LIMIT 1"
            )
        )
    )


def _dialect_of(engine: Engine) -> Dialect:
    name = engine.url.get_backend_name()
    if name == "duckdb":
        from imgindex.store.dialects.duckdb import DuckDB

        return DuckDB()
    raise StoreError(f"This version of imgindex reads and upgrades indexes in {name}, and writes only DuckDB's.")
