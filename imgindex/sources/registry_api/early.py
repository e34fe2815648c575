"""What can be had before anybody wants it: an iterator that a thread takes from, until somebody asks for what it took.

The registry is asked for its lists while the index is opened, which takes a moment for a new one. The thread and who
asks never take from the iterator at the same time: whoever asks first waits until the thread has what it is at.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


class Early(Iterator[T]):
    """The items of an iterator, of which a thread takes the first at once."""

    def __init__(self, items: Iterator[T], most: int) -> None:
        """`most`: how many are taken before somebody asks for them."""
        self._items = items
        self._taken: deque[T] = deque()
        self._error: BaseException | None = None
        self._is_wanted = False
        self._thread = threading.Thread(target=self._take, args=(most,), name="early", daemon=True)
        self._thread.start()

    def _take(self, most: int) -> None:
        try:
            for item in islice(self._items, most):
                self._taken.append(item)
                if self._is_wanted:
                    return
        except BaseException as error:  # it is raised where the item is asked for
            self._error = error

    def __next__(self) -> T:
        self.stop()
        if self._taken:
            return self._taken.popleft()
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        return next(self._items)

    def stop(self) -> None:
        """Wait for the thread to end, which takes no further item."""
        self._is_wanted = True
        self._thread.join()
