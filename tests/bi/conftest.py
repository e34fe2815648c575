"""One index of the sample stores, in DuckDB and in PostgreSQL, for BI tools that run in environments of their own.

`scripts/install-bi-tools` makes the environments; without them the tests are skipped, or fail where CI=true. What a
tool answers is kept in `tests/bi/output`, and compared with what is kept; `make bi` writes it anew.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy

from imgindex.store import migrate
from imgindex.store.engine import connect, open_engine
from tests.bi.tools import documented
from tests.postgres import administer
from tests.queries.conftest import copy_tables
from tests.stores import Database, new_index

OUTPUT = Path(__file__).parent / "output"
LOOKED_AT = int(datetime(2026, 11, 24, 6, tzinfo=UTC).timestamp())
"""When the samples are looked at, in seconds since 1970: the same in every run."""


@pytest.fixture(scope="session")
def keep() -> Callable[[str, str], None]:
    """Takes a name and a text, and compares it with the kept one; with IMGINDEX_KEEP=1 it keeps the text."""

    def keep_text(name: str, text: str) -> None:
        text = "".join(f"{line.rstrip()}\n" for line in text.strip("\n").split("\n"))
        if os.environ.get("IMGINDEX_KEEP") == "1":
            OUTPUT.mkdir(exist_ok=True)
            (OUTPUT / name).write_text(text, encoding="utf-8")
        assert (OUTPUT / name).read_text(encoding="utf-8") == text, "run `make bi`, and commit what it changes"

    return keep_text


@pytest.fixture(scope="session")
def index(
    docker_host: Path, registry_store: Path, skopeo_layout: Path, tmp_path_factory: pytest.TempPathFactory
) -> Database:
    """The sample stores in a DuckDB file, which tools open read-only."""
    db = new_index(tmp_path_factory.mktemp("bi"), "imgindex.duckdb")
    stores = {"docker-host": docker_host, "layout": skopeo_layout, "registry": registry_store}
    for name, store in stores.items():
        registry = ("127.0.0.1:5055",) if name == "registry" else ()
        db.look(store, name=name, registry=registry, as_of=LOOKED_AT)
    return db


@pytest.fixture(scope="session")
def postgresql_index(postgresql_server: sqlalchemy.URL, index: Database) -> Iterator[sqlalchemy.URL]:
    """The same rows in PostgreSQL, as the read-only role of docs/bi.md sees them."""
    # A server of somebody's own may have such a database and such roles already.
    names = {word: f"{word}_{os.getpid()}" for word in ("imgindex", "imgindex_reader", "imgindex_dbt")}
    name = names["imgindex"]
    administer(postgresql_server, f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
    owner = postgresql_server.set(database=name)
    try:
        migrate.upgrade(owner.render_as_string(hide_password=False))
        source = open_engine(str(index.path), read_only=True)
        copy_tables(source, connect(owner.render_as_string(hide_password=False), read_only=False))
        source.dispose()
        for statement in filter(None, map(str.strip, "".join(documented("sql", "role")).split(";"))):
            for word, own in names.items():
                statement = re.sub(rf"\b{word}\b", own, statement)
            administer(owner, statement)
        yield owner.set(username=names["imgindex_reader"], password="change-me")
    finally:
        administer(postgresql_server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        for role in ("imgindex_dbt", "imgindex_reader"):
            administer(postgresql_server, f"DROP ROLE IF EXISTS {names[role]}")
