"""From a generator that a loader drives to requests that flow sixteen at a time: an event loop that runs step by step.

It runs while a step is awaited and stands still while the loader writes, so nothing is shared between threads, an
interrupt ends it where it is, and closing the generator closes what it had begun.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

T = TypeVar("T")
R = TypeVar("R")

LOT = 64
"""Results that are handed over at once."""


class Steps:
    """An event loop of one's own. A context manager."""

    def __init__(self, jobs: int) -> None:
        """`jobs`: how much is under way at once."""
        self._jobs = jobs
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._runner.close()

    def run(self, work: Coroutine[Any, Any, R]) -> R:
        return self._runner.run(work)

    def each(self, items: Iterable[T], work: Callable[[T], Awaitable[R]]) -> Iterator[tuple[T, R]]:
        """Each item with what became of it, as they are done. What `work` raises ends the whole."""
        lots = _Lots(items, work)
        try:
            self.run(lots.begin(self._jobs))
            while lot := self.run(lots.take()):
                yield from lot
        finally:
            self.run(lots.end())


class _Lots(Generic[T, R]):
    """Items that are worked on while somebody waits for a lot of results, and stand still while nobody does."""

    def __init__(self, items: Iterable[T], work: Callable[[T], Awaitable[R]]) -> None:
        self._waiting = iter(items)
        self._work = work
        self._done: list[tuple[T, R]] = []
        self._ready = asyncio.Event()
        self._workers: asyncio.Future[Any] | None = None

    async def begin(self, jobs: int) -> None:
        self._workers = asyncio.gather(*(self._take_items() for _ in range(jobs)))
        self._workers.add_done_callback(lambda _: self._ready.set())

    async def _take_items(self) -> None:
        for item in self._waiting:
            self._done.append((item, await self._work(item)))
            if len(self._done) >= LOT:
                self._ready.set()
                await asyncio.sleep(0)  # so that what waits is taken before there is more of it

    async def take(self) -> list[tuple[T, R]]:
        """The next lot; an empty one if there is none. Raises what `work` raised."""
        await self._ready.wait()
        lot, self._done = self._done, []
        assert self._workers is not None
        if self._workers.done():
            self._workers.result()
        else:
            self._ready.clear()
        return lot

    async def end(self) -> None:
        if self._workers is not None:
            self._workers.cancel()
            await asyncio.gather(self._workers, return_exceptions=True)
