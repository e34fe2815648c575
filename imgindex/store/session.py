"""One connection of a loader: SQL with named parameters, and columns of values that SQL can select from.

What differs between engines lies in `dialects`: how columns get in, how a statement says what it changed, and what a writer
does where others write at the same time.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Protocol, TypeAlias, TypeVar
from uuid import UUID

from sqlalchemy import Connection, CursorResult, Engine, text

from imgindex.errors import ContendedError
from imgindex.store.engine import translated

Columns: TypeAlias = Mapping[str, tuple[str, Sequence[Any]]]
"""Column name -> (type as users see it, values). Times are microseconds since 1970 UTC."""
Stream: TypeAlias = tuple[str, int]
"""An index and a source of it, by key."""
T = TypeVar("T")

ATTEMPTS = 8
"""How often a transaction is begun anew because another writer got in its way."""
PAUSE = 0.05
"""Seconds before the second attempt, at most; each further one may wait twice as long."""
POLL = 0.5
"""Seconds between two looks whether another scan of a source has ended."""


class Dialect(Protocol):
    """What an engine does its own way."""

    name: str
    integer_division: str
    """The operator that divides integers and drops the remainder."""
    on_conflict: str
    """What ends an INSERT of rows that another writer may have inserted meanwhile."""

    def stage(self, connection: Connection, name: str, columns: Columns) -> None:
        """Make `name` a relation of these columns, in place of an older one."""
        ...

    def unstage(self, connection: Connection, name: str) -> None: ...

    def settle(self, connection: Connection, name: str) -> None:
        """Let the planner know what a temporary table holds now."""
        ...

    def refresh(self, connection: Connection) -> None:
        """Let the planner know of tables that have grown a lot."""
        ...

    def changed(self, result: CursorResult[Any]) -> int:
        """How many rows an INSERT, UPDATE or DELETE touched."""
        ...

    def now(self, connection: Connection) -> datetime:
        """The time of the clock that all writers share."""
        ...

    def begin(self, connection: Connection, *, alone: bool) -> None:
        """In a new transaction: wait for those who must not write meanwhile; `alone`: for everybody."""
        ...

    def begin_reading(self, connection: Connection) -> None:
        """In a new transaction: all its statements see the same, and nothing is written but temporary tables."""
        ...

    def lock_rows(self, connection: Connection, select: str) -> None:
        """Hold the rows of table `t` that this selects, in its order, until the transaction ends."""
        ...

    def take_in(self, connection: Connection, path: str, number: int) -> str:
        """Make the tables of another index, in a DuckDB file, readable here. Returns what stands before their names."""
        ...

    def try_source(self, connection: Connection, source_key: int) -> bool:
        """Hold a source for a scan, whatever transactions it has; False if another scan holds it."""
        ...

    def release_source(self, connection: Connection, source_key: int) -> None: ...


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

    @contextmanager
    def reading(self) -> Iterator[None]:
        """A transaction that sees the index as it was at one moment, and leaves nothing behind."""
        with translated(self.engine), self._connection.begin() as transaction:
            self.dialect.begin_reading(self._connection)
            yield
            transaction.rollback()

    def write(self, work: Callable[[], T], *, alone: bool = False) -> T:
        """Do this in one transaction, and anew where another writer got in its way.

        `work` changes nothing but the database, or can bear to be done again. `alone`: while nobody else writes.

        Raises:
            ContendedError: others kept getting in its way.
        """
        for attempt in range(ATTEMPTS):
            try:
                with self.transaction():
                    self.dialect.begin(self._connection, alone=alone)
                    return work()
            except ContendedError:
                if attempt + 1 == ATTEMPTS:
                    raise
                # At random, so that the two do not meet again.
                time.sleep(random.uniform(0, PAUSE * 2**attempt))  # noqa: S311
        raise AssertionError("the loop returns or raises")

    @contextmanager
    def holding(self, source_key: int, wait: Callable[[], None]) -> Iterator[None]:
        """Be the only one who scans this source; `wait` is called once where another has to end first."""
        is_told = False
        while not self._try(source_key):
            if not is_told:
                wait()
                is_told = True
            time.sleep(POLL)
        try:
            yield
        finally:
            if not self._connection.invalidated:  # a lost connection has lost its locks
                with self.transaction():
                    self.dialect.release_source(self._connection, source_key)

    def _try(self, source_key: int) -> bool:
        with self.transaction():
            return self.dialect.try_source(self._connection, source_key)

    def now(self) -> datetime:
        """The time, by the clock that all who write into this index share."""
        if self._connection.in_transaction():
            return self.dialect.now(self._connection)
        with self.transaction():
            return self.dialect.now(self._connection)

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
        """Make `name` a relation of these columns, until it is staged again, unstaged, or the transaction ends."""
        self.dialect.stage(self._connection, name, columns)

    def unstage(self, name: str) -> None:
        self.dialect.unstage(self._connection, name)

    def make_table(self, name: str, select: str, **parameters: Any) -> None:
        """Make a temporary table of what this selects, in place of an older one."""
        self.execute(f"DROP TABLE IF EXISTS {name}")
        self.run(f"CREATE TEMPORARY TABLE {name} AS {select}", **parameters)
        self.settle(name)

    def settle(self, name: str) -> None:
        """Say that much was added to a temporary table."""
        self.dialect.settle(self._connection, name)

    def refresh(self) -> None:
        """Say that much was added to the tables of the index."""
        self.dialect.refresh(self._connection)

    def lock_rows(self, select: str) -> None:
        self.dialect.lock_rows(self._connection, select)

    def take_in(self, path: str, number: int) -> str:
        """The tables of another index, the how many-th it is, as relations. Returns what stands before their names."""
        return self.dialect.take_in(self._connection, path, number)

    def close(self) -> None:
        self._connection.close()
        self.engine.dispose()


def all_streams(session: Session) -> list[Stream]:
    """Every source of every index that is here."""
    return [(str(index), source) for index, source in session.rows("SELECT index_key, source_key FROM sources")]


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
    if engine.url.get_backend_name() == "duckdb":
        from imgindex.store.dialects.duckdb import DuckDB

        return DuckDB()
    from imgindex.store.dialects.postgresql import PostgreSQL

    return PostgreSQL()
