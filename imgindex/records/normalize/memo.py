"""What was made of a text, kept for when the same text comes again; in bounded memory, whatever a store holds.

instructions = Memo(instruction_of)
instructions["RUN make"] -> "RUN"
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")

_ENTRIES = 16_384
_CHARS = 1024


class Memo(dict[K, V]):
    """Values by the text, or the tuple of texts, that they are made of; what is missing is made."""

    def __init__(self, make: Callable[[K], V]) -> None:
        self._make = make

    def __missing__(self, source: K) -> V:
        value = self._make(source)
        length = len(source) if isinstance(source, str) else sum(map(len, source)) if isinstance(source, tuple) else 0
        if length <= _CHARS:
            if len(self) >= _ENTRIES:
                self.clear()
            self[source] = value
        return value
