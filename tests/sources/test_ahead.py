"""Fetching ahead: everything asked for is answered, and no more is fetched than may be held."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from imgindex.errors import MissingError
from imgindex.sources.registry_root.ahead import FETCHED, THREADS, Ahead


class Store:
    """Answers each path with itself, and counts."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.limits: dict[str, int] = {}
        self._lock = threading.Lock()

    def get(self, path: str, limit: int) -> str:
        with self._lock:
            self.asked.append(path)
            self.limits[path] = limit
        if path.startswith("absent"):
            raise MissingError("does not exist")
        return path


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def ahead(store: Store) -> Iterator[Ahead[str]]:
    made = Ahead(store.get)
    yield made
    made.close()


def test_what_is_announced_is_fetched_once_each(ahead: Ahead[str], store: Store) -> None:
    paths = [str(number) for number in range(200)]
    ahead.announce(paths, 7)
    assert paths == [ahead.get(path, 7) for path in paths]
    assert sorted(paths) == sorted(store.asked)
    assert {7} == set(store.limits.values())


def test_no_more_is_fetched_than_may_be_held(store: Store) -> None:
    ahead = Ahead(store.get)
    ahead.announce([str(number) for number in range(200)], 7)
    ahead.get("0", 7)
    ahead.close()
    assert len(store.asked) <= FETCHED + 1


def test_what_was_not_announced_is_fetched_when_asked_for(ahead: Ahead[str]) -> None:
    assert "other" == ahead.get("other", 7)
    ahead.announce(["1", "2"], 7)
    assert ["other", "1", "2"] == [ahead.get(path, 7) for path in ("other", "1", "2")]


def test_what_is_left_out_is_let_go(ahead: Ahead[str]) -> None:
    ahead.announce([str(number) for number in range(200)], 7)
    assert ["3", "150", "151", "4"] == [ahead.get(path, 7) for path in ("3", "150", "151", "4")]


def test_what_is_announced_meanwhile_comes_first_and_keeps_the_rest(ahead: Ahead[str], store: Store) -> None:
    ahead.announce([f"outer {number}" for number in range(100)], 7)
    found = [ahead.get("outer 0", 7)]
    ahead.announce([f"inner {number}" for number in range(50)], 9)
    found += [ahead.get(f"inner {number}", 9) for number in range(50)]
    found += [ahead.get(f"outer {number}", 7) for number in range(1, 100)]
    assert 150 == len(set(found)) == len(found)
    assert {9 if path.startswith("inner") else 7 for path in found} == set(store.limits.values())
    assert all(limit == (9 if path.startswith("inner") else 7) for path, limit in store.limits.items())


def test_an_error_comes_in_its_turn(ahead: Ahead[str]) -> None:
    ahead.announce(["1", "absent 2", "3"], 7)
    assert "1" == ahead.get("1", 7)
    with pytest.raises(MissingError):
        ahead.get("absent 2", 7)
    assert "3" == ahead.get("3", 7)


def test_fetches_run_at_the_same_time() -> None:
    together = threading.Barrier(THREADS, timeout=30)

    def wait(path: str, limit: int) -> str:
        together.wait()  # fails unless as many as there are threads come here at once
        return path

    ahead = Ahead(wait)
    paths = [str(number) for number in range(THREADS)]
    ahead.announce(paths, 7)
    assert paths == [ahead.get(path, 7) for path in paths]
    ahead.close()
