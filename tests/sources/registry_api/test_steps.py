"""Steps: nothing is lost or done twice between the event loop and who takes what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing

import pytest

from imgindex.sources.registry_api.steps import LOT, Steps


@pytest.fixture
def steps() -> Iterator[Steps]:
    made = Steps(jobs=16)
    yield made
    made.close(asyncio.sleep(0))


async def double(number: int) -> int:
    await asyncio.sleep(number % 7 / 10_000)
    return 2 * number


async def double_at_once(number: int) -> int:
    return 2 * number


@pytest.mark.parametrize("count", [0, 1, LOT - 1, LOT, LOT + 1, 20 * LOT])
def test_each_item_comes_once_with_its_result(steps: Steps, count: int) -> None:
    assert [(n, 2 * n) for n in range(count)] == sorted(steps.each(range(count), double))


def test_what_is_done_at_once_comes_in_lots_too(steps: Steps) -> None:
    asked: list[int] = []

    def items() -> Iterator[int]:
        for number in range(20 * LOT):
            asked.append(number)
            yield number

    with closing(steps.each(items(), double_at_once)) as results:
        assert (0, 0) == next(results)
        assert len(asked) <= 4 * LOT
        assert [(n, 2 * n) for n in range(1, 20 * LOT)] == sorted(results)


def test_no_more_is_under_way_than_jobs(steps: Steps) -> None:
    under_way: set[int] = set()
    most = []

    async def work(number: int) -> None:
        under_way.add(number)
        most.append(len(under_way))
        await asyncio.sleep(0.0005)
        under_way.remove(number)

    assert 200 == len(list(steps.each(range(200), work)))
    assert 16 == max(most)


def test_what_the_work_raises_ends_the_whole(steps: Steps) -> None:
    async def work(number: int) -> int:
        await asyncio.sleep(0)
        if number == 100:
            raise ValueError(number)
        return number

    with pytest.raises(ValueError, match="100"):
        list(steps.each(range(1000), work))
    assert 3 == steps.run(asyncio.sleep(0, 3))


def test_who_stops_taking_ends_what_was_begun(steps: Steps) -> None:
    ended: list[int] = []

    async def work(number: int) -> int:
        try:
            await asyncio.sleep(0 if number < LOT else 60)
        finally:
            ended.append(number)
        return number

    with closing(steps.each(range(1000), work)) as results:
        next(results)
    assert set(range(LOT)) < set(ended)


def test_an_interrupt_ends_another_threads_step_and_all_that_follow(steps: Steps) -> None:
    steps.interrupt()
    with pytest.raises(asyncio.CancelledError):
        steps.run(asyncio.sleep(60))
    with pytest.raises(asyncio.CancelledError):
        steps.run(asyncio.sleep(60))
