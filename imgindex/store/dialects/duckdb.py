"""DuckDB's own way: numpy columns are registered as relations, and every statement answers with its count."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from sqlalchemy import Connection, CursorResult

from imgindex.store.session import Columns

NONE = np.iinfo(np.int64).min
"""Stands for NULL in columns of integers, and is numpy's own NaT. DuckDB 1 does not see the mask of a masked array."""


class DuckDB:
    """Implements `session.Dialect`."""

    name = "duckdb"
    integer_division = "//"
    on_conflict = ""

    def stage(self, connection: Connection, name: str, columns: Columns) -> None:
        driver = self._driver(connection)
        driver.register(f"{name}_raw", {column: array_of(kind, values) for column, (kind, values) in columns.items()})
        read = ", ".join(select_of(column, kind, values) for column, (kind, values) in columns.items())
        driver.execute(f"CREATE OR REPLACE TEMPORARY VIEW {name} AS SELECT {read} FROM {name}_raw")

    def unstage(self, connection: Connection, name: str) -> None:
        driver = self._driver(connection)
        driver.execute(f"DROP VIEW IF EXISTS {name}")
        driver.unregister(f"{name}_raw")

    def settle(self, connection: Connection, name: str) -> None:
        """Nothing to do: DuckDB counts what it holds by itself."""

    def refresh(self, connection: Connection) -> None:
        """Nothing to do, either."""

    def changed(self, result: CursorResult[Any]) -> int:
        answer = result.fetchone() if result.returns_rows else None
        return int(answer[0]) if answer else 0

    def now(self, connection: Connection) -> datetime:
        return datetime.now(UTC)

    def take_in(self, connection: Connection, path: str, number: int) -> str:
        own = str(connection.exec_driver_sql("SELECT current_database()").scalar())  # DuckDB calls it by its file
        name = f"{'their' if own.startswith('other_') else 'other'}_{number}"
        literal = path.replace("'", "''")
        self._driver(connection).execute(f"ATTACH '{literal}' AS {name} (READ_ONLY)")
        return f"{name}."

    # One process writes at a time, and DuckDB sees to that: there is nobody to wait for.

    def begin(self, connection: Connection, *, alone: bool) -> None: ...

    def begin_reading(self, connection: Connection) -> None: ...

    def lock_rows(self, connection: Connection, select: str) -> None: ...

    def try_source(self, connection: Connection, source_key: int) -> bool:
        return True

    def release_source(self, connection: Connection, source_key: int) -> None: ...

    @staticmethod
    def _driver(connection: Connection) -> Any:
        return connection.connection.driver_connection


def array_of(kind: str, values: Sequence[Any]) -> Any:
    """A numpy array that DuckDB reads as this type; None is NULL, or `NONE` in a column of integers."""
    if kind == "BIGINT":
        return np.array([NONE if value is None else value for value in values] if None in values else values, np.int64)
    if kind == "TIMESTAMPTZ":
        return np.array([NONE if value is None else value for value in values], dtype=np.int64).view("M8[us]")
    if kind == "BOOLEAN":
        return np.array(values, dtype=np.bool_)
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def select_of(column: str, kind: str, values: Sequence[Any]) -> str:
    """What SQL selects from an array of `array_of`, under the column's name."""
    if kind == "BIGINT" and None in values:
        return f"NULLIF({column}, {NONE}) AS {column}"
    if kind == "TEXT" and all(value is None for value in values):
        return f"CAST({column} AS TEXT) AS {column}"  # DuckDB 1 takes a column of nothing for integers
    return column
