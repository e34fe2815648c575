"""From a generator that a loader drives to requests that flow sixteen at a time: an event loop that runs step by step.

It runs while a step is awaited and stands still while the loader writes, so nothing is shared between threads, an
interrupt ends it where it is, and closing the generator closes what it had begun.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterable, Iterator
from types import TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")
R = TypeVar("R")

BATCH = 64
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
        results = _each(items, work, self._jobs)
        try:
            while batch := self.run(_next(results)):
                yield from batch
        finally:
            self.run(_close(results))


async def _next(results: AsyncGenerator[list[R], None]) -> list[R]:
    return await anext(results, [])


async def _close(results: AsyncGenerator[Any, None]) -> None:
    await results.aclose()


async def _each(
    items: Iterable[T], work: Callable[[T], Awaitable[R]], jobs: int
) -> AsyncGenerator[list[tuple[T, R]], None]:
    waiting = iter(items)
    done: asyncio.Queue[tuple[T, R]] = asyncio.Queue(maxsize=BATCH)

    async def take() -> None:
        for item in waiting:
            await done.put((item, await work(item)))

    workers = asyncio.gather(*(take() for _ in range(jobs)))
    try:
        while True:
            batch: list[tuple[T, R]] = []
            while len(batch) < BATCH:
                if not done.empty():
                    batch.append(done.get_nowait())
                    continue
                if workers.done():
                    workers.result()  # raises what a worker raised
                    break
                following = asyncio.ensure_future(done.get())
                await asyncio.wait((following, workers), return_when=asyncio.FIRST_COMPLETED)
                if following.done():
                    batch.append(following.result())
                else:
                    following.cancel()
            if not batch:
                return
            yield batch
    finally:
        workers.cancel()
        await asyncio.gather(workers, return_exceptions=True)
