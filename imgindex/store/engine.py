"""Opening the database: a path is a DuckDB file, a URL whatever SQLAlchemy opens.

Readers get a connection that cannot write, reach files or the network, or undo that. Errors of the driver become
`StoreError` here, at the door.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import URL, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from imgindex.errors import ContendedError, SchemaVersionError, StoreError, UsageError, quote
from imgindex.store.lock import is_lock, locked, open_patiently

HEAD = "0003"
"""The migration that this program's schema is at."""

READ_ONLY_SETTINGS = (
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)
"""What a reader's DuckDB connection may not do, and cannot undo: reach files or the network."""
CONTENDED = ("40P01", "40001")
"""What PostgreSQL calls a deadlock, and a transaction that does not fit with another's (its manual, appendix A)."""
LOST = ("57P0", "08")
"""What it says where it ends a connection, and where one has ended."""


def database_url(db: str) -> URL:
    """The SQLAlchemy URL of `--db`: a path, or a URL already. Raises UsageError."""
    if "://" not in db:
        return URL.create("duckdb", database=db)
    try:
        url = make_url(db)
        if url.drivername == "postgresql":
            url = url.set(drivername="postgresql+psycopg")
        url.get_dialect()
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise UsageError(f"No database can be opened by this URL: {quote(error)}") from error
    if url.get_backend_name() not in ("duckdb", "postgresql"):
        raise UsageError(f"imgindex keeps its index in DuckDB or PostgreSQL, not in {quote(url.get_backend_name())}.")
    return url


def open_engine(db: str, *, read_only: bool) -> Engine:
    """An engine on an index whose schema is this program's.

    Raises:
        StoreError: there is no index, or it cannot be opened.
        LockedError: another process holds it, and within `lock.waiting` still does when the time is over.
        SchemaVersionError: its schema is another version's.
    """
    engine = connect(db, read_only=read_only)
    try:
        check_version(engine)
    except StoreError:
        engine.dispose()
        raise
    return engine


def connect(db: str, *, read_only: bool) -> Engine:
    """An engine on whatever is there, or nothing yet; see `open_engine`."""
    url = database_url(db)
    if url.get_backend_name() == "duckdb":
        _refuse_missing(url, read_only)
        return _duckdb(url, read_only)
    # Whatever the server's default is: a loader relies on seeing what others committed (docs/adr/0014-several-writers.md).
    # Nothing is prepared: temporary tables come and go, and so would the plans.
    engine = create_engine(
        url, poolclass=NullPool, isolation_level="READ COMMITTED", connect_args={"prepare_threshold": None}
    )
    if read_only:
        event.listen(engine, "connect", _make_read_only)
    event.listen(engine, "connect", _use_utc)
    return engine


@contextmanager
def kept_open(db: str) -> Iterator[None]:
    """Meanwhile a DuckDB file is open once for all who connect to it one after the other: opening takes 40 ms."""
    if database_url(db).get_backend_name() != "duckdb":
        yield
        return
    engine = connect(db, read_only=False)
    with translated(engine), engine.connect():
        yield


def check_version(engine: Engine) -> None:
    """Raises StoreError where there is no index, SchemaVersionError where its schema is another version's."""
    found = current_version(engine)
    if found is None:
        raise StoreError(f"{place(engine)} holds no index yet. Make one with: imgindex ingest SOURCE")
    if found != HEAD:
        raise SchemaVersionError(
            f"The schema of {place(engine)} is at version {quote(found)}, this program's at {HEAD}. "
            "Bring an older one up with: imgindex db upgrade; open a newer one with the imgindex that made it."
        )


def current_version(engine: Engine) -> str | None:
    """The migration that the database is at; None where it holds no index."""
    with translated(engine), engine.connect() as connection:
        there = connection.execute(
            text("SELECT COUNT(*) FROM information_schema.tables WHERE table_name = 'alembic_version'")
        ).scalar()
        if not there:
            return None
        return connection.execute(text("SELECT MAX(version_num) FROM alembic_version")).scalar()


@contextmanager
def translated(engine: Engine) -> Iterator[None]:
    """Errors of the driver, as errors of ours."""
    try:
        yield
    except (DBAPIError, duckdb.Error, engine.dialect.loaded_dbapi.Error) as error:
        raise _translate(engine, error) from error


def place(engine: Engine) -> str:
    """The database, for a message; a password in its URL is hidden."""
    url = engine.url
    return quote(url.database or "memory") if url.get_backend_name() == "duckdb" else url.render_as_string()


def _duckdb(url: URL, read_only: bool) -> Engine:
    config: dict[str, str] = {"access_mode": "read_only"} if read_only else {}
    if int(duckdb.__version__.split(".")[0]) >= 2:
        config["storage_compatibility_version"] = "v1.0.0"  # so that every client from 1.1 on opens the file
    engine = create_engine(url, poolclass=NullPool, connect_args={"config": config})
    settings = ("SET TimeZone = 'UTC'", *(READ_ONLY_SETTINGS if read_only else ("SET checkpoint_threshold = '256MB'",)))

    @event.listens_for(engine, "do_connect")
    def _open(dialect: Any, _record: object, arguments: Any, options: Any) -> Any:
        return open_patiently(lambda: dialect.connect(*arguments, **options))

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: object) -> None:
        for setting in settings:
            connection.execute(setting)

    return engine


def _refuse_missing(url: URL, read_only: bool) -> None:
    path = Path(url.database or ":memory:")
    if path.is_dir():
        raise StoreError(f"{quote(path)} is a folder, not an index. Name a file with --db.")
    if read_only and not path.exists():
        raise StoreError(
            f"There is no index at {quote(path)}. Make one with: imgindex ingest SOURCE --db {quote(path)}"
        )
    if not read_only and not path.absolute().parent.is_dir():
        raise StoreError(f"The folder of {quote(path)} does not exist. Make it first, or name another file with --db.")


def _make_read_only(connection: Any, _record: object) -> None:
    """Every transaction reads; also one that would begin after a statement had ended ours."""
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
    connection.commit()
    connection.read_only = True
    with connection.cursor() as cursor:
        # Compiling a plan takes longer than it saves; sorts and hashes of a question need not go to the disk.
        cursor.execute("SET jit = off")
        cursor.execute("SET work_mem = '64MB'")
    connection.commit()


def _use_utc(connection: Any, _record: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'UTC'")
    connection.commit()


def _translate(engine: Engine, error: Exception) -> StoreError:
    message = str(getattr(error, "orig", None) or error)
    first = message.strip().splitlines()[0] if message.strip() else type(error).__name__
    if is_lock(message):
        return locked(message, place(engine))
    state = getattr(getattr(error, "orig", error), "sqlstate", None)
    if state in CONTENDED:
        return ContendedError(
            f"Other writers kept getting in the way in {place(engine)}: {quote(first, 400)}. Nothing is lost; run it again."
        )
    if getattr(error, "connection_invalidated", False) or (state or "").startswith(LOST):
        return StoreError(
            f"The connection to {place(engine)} was lost: {quote(first, 400)}. "
            "What was committed stays; the same command goes on from there."
        )
    if "not a valid DuckDB database file" in message:
        return StoreError(f"{place(engine)} is no DuckDB file. Name another with --db.")
    return StoreError(f"The database {place(engine)} failed: {quote(first, 400)}")
