"""A small DuckDB file, opened as the program opens an index for reading."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from sqlalchemy import Engine

from imgindex.store.engine import connect

MakeEngine = Callable[..., Engine]


@pytest.fixture
def make_engine(tmp_path: Path) -> MakeEngine:
    """Makes a DuckDB file by the statements given, and opens it read-only."""

    def make(statements: str = "SELECT 1") -> Engine:
        path = tmp_path / "index.duckdb"
        with duckdb.connect(str(path)) as connection:
            connection.execute(statements)
        return connect(str(path), read_only=True)

    return make


@pytest.fixture
def engine(make_engine: MakeEngine) -> Engine:
    return make_engine(
        """
        CREATE TABLE layers (layer_key BIGINT, source TEXT, size_bytes BIGINT, seen_at TIMESTAMPTZ, listed BOOLEAN);
        INSERT INTO layers VALUES
            (1, 'a', 10, '2026-01-01 00:00:00+00', true),
            (2, 'a', 20, '2026-02-01 00:00:00+00', false),
            (3, 'b', NULL, NULL, true);
        """
    )
