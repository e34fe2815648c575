"""Early: a thread takes what somebody will want; nothing is lost, and errors come where the item would."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from imgindex.sources.registry_api.early import Early


def test_all_items_come_in_their_order() -> None:
    assert list(range(100)) == list(Early(iter(range(100)), most=100))


def test_no_more_than_the_most_is_taken_before_it_is_wanted() -> None:
    taken: list[int] = []
    reached = threading.Event()

    def items() -> Iterator[int]:
        for number in range(10):
            taken.append(number)
            if number == 2:
                reached.set()
            yield number

    early = Early(items(), most=3)
    assert reached.wait(10)
    early.stop()
    assert [0, 1, 2] == taken
    assert list(range(10)) == list(early)


def test_an_error_comes_after_the_items_before_it_and_once() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("the second")

    early = Early(items(), most=5)
    early.stop()
    assert 1 == next(early)
    with pytest.raises(ValueError, match="the second"):
        next(early)
    with pytest.raises(StopIteration):
        next(early)


def test_the_thread_and_who_asks_never_take_at_one_time() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def items() -> Iterator[str]:
        begun.set()
        assert go_on.wait(10)
        yield threading.current_thread().name
        yield threading.current_thread().name

    early = Early(items(), most=5)
    assert begun.wait(10)
    threading.Timer(0.05, go_on.set).start()
    names = list(early)
    assert 2 == len(names)
    assert "early" == names[0]
