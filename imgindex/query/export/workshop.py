"""The DuckDB in memory that makes an export: it reads the index, and writes within its working folder alone.

What it is told to do is done in a thread, since DuckDB does not hear signals while it works: Ctrl-C and SIGTERM end it
from here. What memory does not hold goes to the working folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from sqlalchemy import Engine

from imgindex.store.engine import READ_ONLY_SETTINGS, translated
from imgindex.store.lock import open_patiently

INDEX = "source_index"
"""What the index is called as a catalog of this connection."""


class Workshop:
    """A connection, with the words an export needs."""

    def __init__(self, folder: Path) -> None:
        """`folder`: where it may write."""
        self._folder = folder
        self._connection = duckdb.connect(":memory:", config={"temp_directory": str(folder / "spilled")})
        self._pool = ThreadPoolExecutor(1, "imgindex-export")
        self._connection.execute("SET TimeZone = 'UTC'")

    def attach_index(self, engine: Engine) -> None:
        """Make a DuckDB index a catalog, read-only. Raises LockedError where another process holds it."""
        with translated(engine):
            open_patiently(lambda: self.attach_file(Path(engine.url.database or "")))

    def attach_file(self, file: Path) -> None:
        """Make a DuckDB file the catalog that is exported, read-only."""
        self._connection.execute(f"ATTACH {literal(str(file.absolute()))} AS {INDEX} (READ_ONLY)")

    def confine(self) -> None:
        """From here on no file is reached but those attached and those of the working folder; not to be undone."""
        self._connection.execute(f"SET allowed_directories = [{literal(f'{self._folder}/')}]")
        for setting in READ_ONLY_SETTINGS:
            self._connection.execute(setting)

    def execute(self, sql: str) -> list[Any]:
        """The rows that a statement answers with."""
        return list(self._in_thread(lambda: self._connection.execute(sql).fetchall()))

    def insert(self, sql: str, arrays: Mapping[str, Any]) -> None:
        """Execute a statement that selects from `batch`, a relation of these numpy arrays."""
        self._connection.register("batch", dict(arrays))
        try:
            self._in_thread(lambda: self._connection.execute(sql))
        finally:
            self._connection.unregister("batch")

    def _in_thread(self, work: Callable[[], Any]) -> Any:
        future = self._pool.submit(work)
        try:
            wait((future,))
        except BaseException:
            while not future.done():
                self._connection.interrupt()
                wait((future,), 0.05)
            raise
        return future.result()

    def close(self) -> None:
        self._pool.shutdown()
        self._connection.close()


@contextmanager
def opened(folder: Path, engine: Engine | None = None) -> Iterator[Workshop]:
    """A workshop for as long as it is needed, confined to the folder; an index that is a file is attached before."""
    workshop = Workshop(folder)
    try:
        if engine is not None and not is_server(engine):
            workshop.attach_index(engine)
        workshop.confine()
        yield workshop
    finally:
        workshop.close()


def is_server(engine: Engine) -> bool:
    """Whether the index is in PostgreSQL, and no file."""
    return engine.url.get_backend_name() == "postgresql"


def literal(text: str) -> str:
    """Text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"
