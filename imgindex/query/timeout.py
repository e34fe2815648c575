"""How long the database may work on one statement, and how it is made to stop.

What counts is the time in which the database works: while rows are written out, or a pager waits for a key, no time
passes. PostgreSQL is told a `statement_timeout` and stops by itself. DuckDB runs within this process, where neither a
timer nor Ctrl-C reaches it: it works in a thread of its own, and is interrupted from here.

    with Timeout(connection, 300) as timeout:
        answer = timeout.run(lambda: connection.execute(statement))
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any, TypeVar

from imgindex.errors import QueryTimeoutError

if TYPE_CHECKING:
    from sqlalchemy import Connection

PAUSE = 0.05
"""Seconds between two interrupts: one that comes before the database has begun is lost."""
CANCELLED = "57014"
"""PostgreSQL's code of a statement that was stopped."""

Answer = TypeVar("Answer")


class Timeout:
    """The time that is left for the statement of one connection. A context manager: leaving it ends its thread."""

    def __init__(self, connection: Connection, seconds: float | None) -> None:
        """`seconds`: None = as long as it takes."""
        self._seconds = seconds
        self._left = math.inf if seconds is None else seconds
        self._driver: Any = connection.connection.driver_connection
        self._pool: ThreadPoolExecutor | None = None
        if connection.dialect.name == "duckdb":
            self._pool = ThreadPoolExecutor(1, "imgindex-query")
        elif seconds is not None:
            milliseconds = max(1, math.ceil(seconds * 1000))
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = {milliseconds}")

    def run(self, work: Callable[[], Answer]) -> Answer:
        """What the work answers. Raises QueryTimeoutError when the time is over, and what the work raises."""
        if self._left <= 0:
            raise self._over()
        started = time.monotonic()
        try:
            return self._run_in_thread(self._pool, work) if self._pool is not None else work()
        except Exception as error:
            if self._seconds is not None and _is_cancelled(error):
                raise self._over() from error
            raise
        finally:
            self._left -= time.monotonic() - started

    def _run_in_thread(self, pool: ThreadPoolExecutor, work: Callable[[], Answer]) -> Answer:
        future = pool.submit(work)
        try:
            done, _ = wait((future,), None if self._seconds is None else self._left)
        except BaseException:
            self._interrupt(future)
            raise
        if not done:
            self._interrupt(future)
            raise self._over()
        return future.result()

    def _interrupt(self, future: Future[Answer]) -> None:
        while not future.done():
            self._driver.interrupt()
            wait((future,), PAUSE)

    def _over(self) -> QueryTimeoutError:
        return QueryTimeoutError(
            f"The query was stopped after {self._seconds:g} s. Ask for less, or give it more time with "
            "--timeout SECONDS (0 = as long as it takes)."
        )

    def close(self) -> None:
        """End the thread."""
        if self._pool is not None:
            self._pool.shutdown()

    def __enter__(self) -> Timeout:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _is_cancelled(error: BaseException) -> bool:
    return getattr(getattr(error, "orig", error), "sqlstate", None) == CANCELLED
