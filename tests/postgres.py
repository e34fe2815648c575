"""A private PostgreSQL server for tests, and a fresh database for each test that asks for one.

The server is the newest one installed (`scripts/install-test-parts` installs one), or that of IMGINDEX_TEST_PG_BIN, the
folder of its programs. Each test process starts its own in a temporary folder, without durability, and stops it at the
end. IMGINDEX_TEST_PG_URL names a server to use instead, with a user who may create databases. Without any, the tests
that need one are skipped, or fail where CI=true.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy

PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin")
"""Where systems put PostgreSQL's server programs, which are seldom on the PATH."""

STARTS = 3
"""How often to start the server on another port: between choosing a port and using it, another program may take it."""

NewDatabase = Callable[[], str]


class ServerError(Exception):
    """A program of the server failed; the message is what it printed."""


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[sqlalchemy.URL]:
    """The URL of a server's maintenance database."""
    if given := os.environ.get("IMGINDEX_TEST_PG_URL"):
        yield sqlalchemy.make_url(given).set(drivername="postgresql+psycopg")
        return
    programs = server_programs()
    if programs is None:
        refuse = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        refuse("no PostgreSQL server is installed: run scripts/install-test-parts, or set IMGINDEX_TEST_PG_URL")
    with running_server(programs) as url:
        yield url


@pytest.fixture
def new_postgresql_database(postgresql_server: sqlalchemy.URL) -> Iterator[NewDatabase]:
    """Makes an empty database at each call and returns its SQLAlchemy URL; all are dropped after the test."""
    made: list[str] = []
    counter = itertools.count()

    def new_database() -> str:
        name = f"imgindex_{os.getpid()}_{time.monotonic_ns()}_{next(counter)}"
        administer(postgresql_server, f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
        made.append(name)
        return postgresql_server.set(database=name).render_as_string(hide_password=False)

    yield new_database
    for name in made:
        administer(postgresql_server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
def postgresql_url(new_postgresql_database: NewDatabase) -> str:
    """The SQLAlchemy URL of an empty database that is this test's own."""
    return new_postgresql_database()


def server_programs() -> Path | None:
    """The folder of `initdb` and `pg_ctl`: the one asked for, the newest where systems put it, or on the PATH."""
    if asked := os.environ.get("IMGINDEX_TEST_PG_BIN"):
        return Path(asked)
    folders = [folder for place in PLACES for folder in Path("/").glob(place[1:]) if (folder / "initdb").exists()]
    if not folders and (found := shutil.which("initdb")):
        folders = [Path(found).resolve().parent]
    return max(folders, key=_version, default=None)


@contextlib.contextmanager
def running_server(programs: Path, *, durable: bool = False) -> Iterator[sqlalchemy.URL]:
    """Start a server with a data folder of its own, and stop it and remove the folder at the end.

    `durable`: what is committed is on the disk, as everywhere but in tests.
    """
    # Not under TMPDIR: the user postgres must reach it, and a socket path may have no more than 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="imgindex-pg-", dir="/tmp"))
    data = folder / "data"
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, user="postgres")
        cluster = ("--username=postgres", "--auth=trust", "--no-sync", "--encoding=UTF8", "--no-locale")
        _run(programs / "initdb", "--pgdata", data, *cluster)
        port = _start(programs, data, folder, durable)
        try:
            yield sqlalchemy.make_url(f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres")
        finally:
            _run(programs / "pg_ctl", "--pgdata", data, "--mode=immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def administer(server: sqlalchemy.URL, statement: str) -> None:
    """Run one statement that may stand in no transaction."""
    engine = sqlalchemy.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)


def _start(programs: Path, data: Path, folder: Path, durable: bool) -> int:
    for attempt in range(1, STARTS + 1):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        settings = f"{'' if durable else '-F'} -h 127.0.0.1 -p {port} -k {folder}"
        options = ("--wait", "--log", folder / "log", "--options", settings)
        try:
            _run(programs / "pg_ctl", "--pgdata", data, *options, "start")
        except ServerError:
            if attempt == STARTS:
                raise
        else:
            return port
    raise AssertionError("the loop returns or raises")


def _run(*command: str | Path) -> None:
    """Run a program of the server, as the user postgres where we are root: it refuses to run as root."""
    user = "postgres" if os.geteuid() == 0 else None
    # A file takes what it prints, since the server inherits a pipe and would keep it open.
    with tempfile.TemporaryFile() as printed:
        done = subprocess.run(command, stdout=printed, stderr=printed, cwd="/", user=user, group=user, check=False)
        if done.returncode:
            printed.seek(0)
            raise ServerError(f"{command[0]} failed:\n{printed.read().decode(errors='replace')}")


def _version(programs: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in programs.parent.name.rpartition("-")[2].split(".") if part.isdigit())
