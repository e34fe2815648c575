"""DuckDB's own way: numpy columns are registered as relations, and every statement answers with its count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, CursorResult

from imgindex.store.session import Columns

NOT_A_TIME = np.iinfo(np.int64).min


class DuckDB:
    """Implements `session.Dialect`."""

    name = "duckdb"
    integer_division = "//"

    def stage(self, connection: Connection, name: str, columns: Columns) -> None:
        arrays = {column: _array(kind, values) for column, (kind, values) in columns.items()}
        self._driver(connection).register(name, arrays)

    def unstage(self, connection: Connection, name: str) -> None:
        self._driver(connection).unregister(name)

    def changed(self, result: CursorResult[Any]) -> int:
        answer = result.fetchone() if result.returns_rows else None
        return int(answer[0]) if answer else 0

    def lock_source(self, connection: Connection, source_key: int) -> None:
        """Nothing to do: one process writes at a time."""

    @staticmethod
    def _driver(connection: Connection) -> Any:
        return connection.connection.driver_connection


def _array(kind: str, values: Sequence[Any]) -> Any:
    """A numpy array that DuckDB reads as this type; None is NULL."""
    if kind == "BIGINT":
        if None not in values:
            return np.array(values, dtype=np.int64)
        mask = [value is None for value in values]
        return np.ma.masked_array(np.array([value or 0 for value in values], dtype=np.int64), mask=mask)
    if kind == "TIMESTAMPTZ":
        micros = [NOT_A_TIME if value is None else value for value in values]
        return np.array(micros, dtype=np.int64).view("M8[us]")
    if kind == "BOOLEAN":
        return np.array(values, dtype=np.bool_)
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array
