"""Bringing a database to this program's schema, by the migrations that ship with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import Engine, text

from imgindex.errors import SchemaVersionError, quote
from imgindex.shipped import folder
from imgindex.store.ddl import DialectName, render
from imgindex.store.engine import HEAD, connect, current_version, place, translated


@dataclass(frozen=True, slots=True)
class Status:
    """Where a database stands."""

    current: str | None
    """The migration that it is at; None where it holds no index."""
    head: str
    """The migration that this program needs."""


def status(db: str) -> Status:
    """Where the database stands. Raises StoreError where it cannot be opened."""
    engine = connect(db, read_only=True)
    return Status(current_version(engine), HEAD)


def upgrade(db: str, *, keep_env: bool = False) -> None:
    """Bring the database to this program's schema; make it, if it is not there.

    `keep_env` is a property of the index, set when it is made: values that look like secrets are kept.
    """
    engine = connect(db, read_only=False)
    if current_version(engine) == HEAD:
        return
    with translated(engine), _alone(engine):
        current = current_version(engine)  # another may have come first
        if current is None:
            _create(engine, keep_env)
        elif current > HEAD:
            raise SchemaVersionError(
                f"The schema of {place(engine)} is at version {quote(current)}, newer than this program's {HEAD}. "
                "Open it with the imgindex that made it."
            )
        elif current != HEAD:
            run_migrations(engine)


@contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    """While nobody else makes, changes or loads this index. DuckDB lets one process write anyway."""
    if engine.url.get_backend_name() == "duckdb":
        yield
        return
    from imgindex.store.dialects.postgresql import INDEX_LOCK

    with engine.connect() as guard:
        guard.exec_driver_sql(f"SELECT pg_advisory_lock({INDEX_LOCK[0]}, {INDEX_LOCK[1]})")
        guard.rollback()  # the lock is the connection's; a transaction would only stand open meanwhile
        yield


def _create(engine: Engine, keep_env: bool) -> None:
    """A new index is made at once, gets its key, and is stamped: a test proves that the migrations lead to the same."""
    dialect: DialectName = "duckdb" if engine.url.get_backend_name() == "duckdb" else "postgresql"
    with engine.begin() as connection:
        plain = connection.execution_options(no_parameters=True)
        plain.exec_driver_sql(";\n".join(creation(dialect)))  # in one call: one by one they take a fifth longer
        connection.execute(
            text(
                "INSERT INTO index_info (index_key, created_at, keep_env) VALUES (:key, CURRENT_TIMESTAMP, :keep_env)"
            ),
            {"key": str(uuid4()), "keep_env": keep_env},
        )


def creation(dialect: DialectName) -> list[str]:
    """Every statement that makes an empty database into an index without a key, stamped with this program's version."""
    columns = "version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)"
    stamp = [f"CREATE TABLE alembic_version ({columns})", f"INSERT INTO alembic_version VALUES ('{HEAD}')"]
    return [*render(dialect), *stamp]


def run_migrations(engine: Engine, to: str = "head") -> None:
    """Run every migration that the database has not had, up to and with this one. Raises SchemaVersionError for one that no migration made."""
    from alembic import command  # here, since an index that is up to date never needs it, and it costs 0.3 s
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(folder("migrations")).replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, to)
        except CommandError as error:
            raise SchemaVersionError(
                f"The schema of {place(engine)} cannot be brought to version {HEAD}: {quote(error)}. "
                "Open it with the imgindex that made it."
            ) from error
