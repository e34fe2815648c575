"""An index of all sample stores, in DuckDB and in PostgreSQL, and an export of each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from imgindex.query.export.relation import Exportable, exportables
from imgindex.store import migrate
from imgindex.store.engine import connect, open_engine
from tests.postgres import administer
from tests.queries.conftest import copy_tables
from tests.stores import Database, new_index


class Unwatched:
    """Implements `export.copy.Watch`."""

    def advance(self, documents: int, bytes_read: int) -> None: ...

    def tell(self, noun: str, count: int) -> None: ...


Rows = list[tuple[Any, ...]]


def select_of(relation: Exportable) -> str:
    """The rows of a relation in the order of its key."""
    names = ", ".join(f"CAST({name} AS TEXT)" if kind == "UUID" else name for name, kind in relation.columns)
    order = ", ".join(f"{name} ASC NULLS LAST" for name in relation.key)
    return f"SELECT {names} FROM {relation.name} ORDER BY {order}"


def answers_of(db: str) -> dict[str, Rows]:
    """By relation, the rows that the index itself answers with."""
    with open_engine(db, read_only=True).connect() as connection:
        return {
            relation.name: [tuple(row) for row in connection.execute(sqlalchemy.text(select_of(relation)))]
            for relation in exportables().values()
        }


@pytest.fixture(scope="session")
def full(
    docker_host: Path,
    registry_store: Path,
    skopeo_layout: Path,
    umoci_layout: Path,
    podman_store: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Database:
    """All sample stores in one index. Tests read it and never write to it."""
    db = new_index(tmp_path_factory.mktemp("full"))
    for store in (docker_host, registry_store, skopeo_layout, umoci_layout, podman_store):
        db.look(store)
    return db


@pytest.fixture(scope="session")
def full_on_server(full: Database, postgresql_server: sqlalchemy.URL) -> Iterator[str]:
    """The same in PostgreSQL; its URL."""
    place = f"imgindex_export_{os.getpid()}"
    administer(postgresql_server, f"CREATE DATABASE {place} TEMPLATE template0 ENCODING 'UTF8'")
    url = postgresql_server.set(database=place).render_as_string(hide_password=False)
    migrate.upgrade(url)
    copy_tables(open_engine(str(full.path), read_only=True), connect(url, read_only=False))
    yield url
    administer(postgresql_server, f"DROP DATABASE IF EXISTS {place} WITH (FORCE)")


@pytest.fixture(scope="session", params=["duckdb", "postgresql"])
def index_url(request: pytest.FixtureRequest, full: Database) -> str:
    """The index of all sample stores, on each engine, as --db takes it."""
    return str(full.path) if request.param == "duckdb" else str(request.getfixturevalue("full_on_server"))


@pytest.fixture(scope="session")
def answers(index_url: str) -> dict[str, Rows]:
    """What the index of all sample stores answers, asked of its own engine."""
    return answers_of(index_url)
