"""Indexes on both engines: a test that takes one of these fixtures runs on DuckDB and on PostgreSQL.

An index in PostgreSQL is a database of its own, copied from one that was made once: that takes less time than making
it anew.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy

from imgindex.store import migrate
from tests import stores
from tests.postgres import administer
from tests.stores import Database

NewIndex = Callable[..., Database]
"""Makes an empty index: in a folder, under a name where there are several in it."""


class Server:
    """Makes databases on a PostgreSQL server."""

    def __init__(self, url: sqlalchemy.URL) -> None:
        self._url = url
        self._template = f"imgindex_template_{os.getpid()}_{time.monotonic_ns()}"
        self._made: list[str] = []
        administer(url, f"CREATE DATABASE {self._template} TEMPLATE template0 ENCODING 'UTF8'")
        migrate.upgrade(self._place(self._template))

    def new_index(self, _folder: Path, _name: str = "") -> Database:
        return Served(self, self.copy(self._template))

    def copy(self, of: str) -> str:
        """A copy of the database of this name, or URL. Returns its URL."""
        name = f"imgindex_{os.getpid()}_{time.monotonic_ns()}"
        source = of.rpartition("/")[2]
        # Who closed a connection may be there for a moment yet.
        administer(self._url, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{source}'")
        administer(self._url, f"CREATE DATABASE {name} TEMPLATE {source}")
        self._made.append(name)
        return self._place(name)

    def mark(self) -> int:
        return len(self._made)

    def drop(self, since: int = 0) -> None:
        """Drop what was made since this mark."""
        for name in self._made[since:]:
            administer(self._url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        del self._made[since:]

    def close(self) -> None:
        self.drop()
        administer(self._url, f"DROP DATABASE IF EXISTS {self._template} WITH (FORCE)")

    def _place(self, name: str) -> str:
        return self._url.set(database=name).render_as_string(hide_password=False)


class Served(Database):
    """An index in PostgreSQL; its path is its URL."""

    def __init__(self, server: Server, url: str) -> None:
        super().__init__(url)
        self._server = server

    def copy(self, _path: Path) -> Database:
        return Served(self._server, self._server.copy(self.path))


@pytest.fixture(scope="session", params=["duckdb", "postgresql"])
def _server(request: pytest.FixtureRequest) -> Iterator[Server | None]:
    """None for DuckDB, which has none."""
    if request.param == "duckdb":
        yield None
        return
    server = Server(request.getfixturevalue("postgresql_server"))
    yield server
    server.close()


@pytest.fixture(scope="session")
def lasting_index(_server: Server | None) -> NewIndex:
    """Makes indexes that other tests read, too."""
    return stores.new_index if _server is None else _server.new_index


@pytest.fixture
def new_index(_server: Server | None) -> Iterator[NewIndex]:
    """Makes indexes that are this test's own."""
    if _server is None:
        yield stores.new_index
        return
    mark = _server.mark()
    yield _server.new_index
    _server.drop(mark)
