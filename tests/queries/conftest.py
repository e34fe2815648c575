"""Indexes with answers that are known by hand, each in DuckDB and in PostgreSQL, and a way to ask them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sqlalchemy
from sqlalchemy import Engine

from imgindex import shipped
from imgindex.query.catalog import Catalog
from imgindex.query.run import run_query
from imgindex.store import migrate
from imgindex.store.engine import connect, open_engine
from imgindex.store.schema import metadata
from tests.postgres import administer
from tests.queries.small import make_small
from tests.stores import Database, new_index

CATALOG = Catalog([shipped.folder("queries")])


class Answer(NamedTuple):
    """What a saved query answers."""

    columns: list[str]
    rows: list[tuple[Any, ...]]

    def only(self, *columns: str) -> list[tuple[Any, ...]]:
        """The rows, of these columns alone."""
        places = [self.columns.index(column) for column in columns]
        return [tuple(row[place] for place in places) for row in self.rows]


class Index:
    """An index that saved queries are asked of."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def ask(self, query: str, **values: str) -> Answer:
        with run_query(self.engine, CATALOG.find(query), values) as result:
            return Answer([column.name for column in result.columns], list(result.rows()))


Open = Callable[[str, Callable[[Path, Database], None]], Index]


@pytest.fixture(scope="session")
def open_duckdb(tmp_path_factory: pytest.TempPathFactory) -> Open:
    """Opens an index of this name, which is made by the function the first time."""
    made: dict[str, Index] = {}

    def open_index(name: str, make: Callable[[Path, Database], None]) -> Index:
        if name not in made:
            folder = tmp_path_factory.mktemp(name)
            db = new_index(folder)
            make(folder, db)
            made[name] = Index(open_engine(str(db.path), read_only=True))
        return made[name]

    return open_index


@pytest.fixture(scope="session")
def open_postgresql(postgresql_server: sqlalchemy.URL, open_duckdb: Open) -> Iterator[Open]:
    """The same in PostgreSQL: all rows of the tables copied there."""
    made: dict[str, Index] = {}

    def open_index(name: str, make: Callable[[Path, Database], None]) -> Index:
        if name not in made:
            place = f"imgindex_queries_{name}_{os.getpid()}_{time.monotonic_ns()}"  # another room has its own
            administer(postgresql_server, f"CREATE DATABASE {place} TEMPLATE template0 ENCODING 'UTF8'")
            url = postgresql_server.set(database=place).render_as_string(hide_password=False)
            migrate.upgrade(url)
            copy_tables(open_duckdb(name, make).engine, connect(url, read_only=False))
            made[name] = Index(open_engine(url, read_only=True))
        return made[name]

    yield open_index
    for index in made.values():
        index.engine.dispose()
        administer(postgresql_server, f"DROP DATABASE IF EXISTS {index.engine.url.database} WITH (FORCE)")


def copy_tables(source: Engine, target: Engine) -> None:
    """Make the target's tables the same as the source's."""
    with source.connect() as reader, target.begin() as writer:
        for table in reversed(metadata.sorted_tables):
            writer.execute(sqlalchemy.delete(table))
        for table in metadata.sorted_tables:
            rows = [dict(row._mapping) for row in reader.execute(sqlalchemy.select(table))]
            if rows:
                writer.execute(sqlalchemy.insert(table), rows)


@pytest.fixture(params=["duckdb", "postgresql"])
def open_index(request: pytest.FixtureRequest) -> Open:
    opener: Open = request.getfixturevalue(f"open_{request.param}")
    return opener


@pytest.fixture
def small(open_index: Open) -> Index:
    """See `tests.queries.small`."""
    return open_index("small", make_small)
