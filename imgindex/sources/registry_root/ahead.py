"""Fetching what will be read next while what came before is looked at: an object store takes long to answer, not much
to answer many.

At most `FETCHED` objects are held or on their way, whatever is announced. What was announced and is not asked for in
its turn is let go, so that nothing is held for ever.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

T = TypeVar("T")

FETCHED = 32
"""Objects on their way or waiting to be read."""
THREADS = 16


class Ahead(Generic[T]):
    """Answers from a function, asked ahead of time."""

    def __init__(self, fetch: Callable[[str, int], T]) -> None:
        """`fetch`: from a path and a limit in bytes to the answer; it is called in threads."""
        self._fetch = fetch
        self._pool = ThreadPoolExecutor(THREADS, "ahead")
        self._announced: deque[tuple[str, int]] = deque()
        self._started: deque[tuple[str, int, Future[T]]] = deque()

    def announce(self, paths: Sequence[str], limit: int) -> None:
        """These will be asked for next, before what was announced earlier."""
        while self._started:
            later, its_limit, future = self._started.pop()
            future.cancel()
            self._announced.appendleft((later, its_limit))
        self._announced.extendleft((path, limit) for path in reversed(paths))
        self._start()

    def get(self, path: str, limit: int) -> T:
        """The answer for this path. Raises what `fetch` raises."""
        future = self._turn(path)
        self._start()
        return self._fetch(path, limit) if future is None else future.result()

    def close(self) -> None:
        self._announced.clear()
        self._pool.shutdown(cancel_futures=True)

    def _turn(self, path: str) -> Future[T] | None:
        while self._started:
            started, _, future = self._started.popleft()
            if started == path:
                return future
            future.cancel()
        while self._announced:
            if self._announced.popleft()[0] == path:
                break
        return None

    def _start(self) -> None:
        while self._announced and len(self._started) < FETCHED:
            path, limit = self._announced.popleft()
            self._started.append((path, limit, self._pool.submit(self._fetch, path, limit)))
