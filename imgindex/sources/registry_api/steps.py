"""From a generator that a loader drives to requests that flow sixteen at a time: an event loop that runs step by step.

It runs while a step is awaited and stands still while the loader writes, so threads share nothing at one time, an
interrupt ends it where it is, and closing the generator closes what it had begun.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable
from typing import Any, Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

LOT = 64
"""Results that are handed over at once."""


class Steps:
    """An event loop of one's own, to be closed."""

    def __init__(self, jobs: int) -> None:
        """`jobs`: how much is under way at once."""
        self._jobs = jobs
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)  # which is no thread's own
        self._loop = self._runner.get_loop()
        self._step: asyncio.Task[Any] | None = None
        self._is_interrupted = False

    def run(self, work: Coroutine[Any, Any, R]) -> R:
        """What comes of the work. Raises CancelledError once `interrupt` was called."""
        return self._runner.run(self._interruptible(work))

    async def _interruptible(self, work: Coroutine[Any, Any, R]) -> R:
        if self._is_interrupted:
            work.close()
            raise asyncio.CancelledError
        self._step = asyncio.current_task()
        try:
            return await work
        finally:
            self._step = None

    def interrupt(self) -> None:
        """End what another thread runs, and let nothing more be run."""
        self._loop.call_soon_threadsafe(self._interrupt)

    def _interrupt(self) -> None:
        self._is_interrupted = True
        if self._step is not None:
            self._step.cancel()

    def close(self, last: Coroutine[Any, Any, None]) -> None:
        """Run this, even if interrupted, and close."""
        try:
            self._runner.run(last)
        finally:
            self._runner.close()

    def each(self, items: Iterable[T], work: Callable[[T], Awaitable[R]]) -> Generator[tuple[T, R], None, None]:
        """Each item with what became of it, as they are done. What `work` raises ends the whole."""
        lots = _Lots(items, work)
        try:
            self.run(lots.begin(self._jobs))
            while lot := self.run(lots.take()):
                yield from lot
        finally:
            self._runner.run(lots.end())


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
            result = await self._work(item)
            self._done.append((item, result))  # to the list that is there by now
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
