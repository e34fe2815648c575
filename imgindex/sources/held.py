"""Which blobs a store has, and their sizes, in 16 bytes each: a registry's storage has tens of millions.

Blobs are told apart by the first 64 bits of their digest. Two blobs that agree in them share a key in the index as
well, which refuses the second, so a mix-up here shows nothing that the index would show.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from array import array
from bisect import bisect_left
from collections.abc import Iterator

from imgindex.records.keys import Keyring
from imgindex.records.rows import Key
from imgindex.sources.base import Group, ScanContext


class Held:
    """Digests with their sizes, to be added in ascending order an algorithm."""

    def __init__(self) -> None:
        self._columns: dict[str, tuple[array[int], array[int]]] = {}

    def __len__(self) -> int:
        return sum(len(starts) for starts, _ in self._columns.values())

    def add(self, digest: str, size: int) -> None:
        algorithm, _, encoded = digest.partition(":")
        column = self._columns.get(algorithm)
        if column is None:
            column = self._columns[algorithm] = (array("Q"), array("Q"))
        column[0].append(int(encoded[:16], 16))
        column[1].append(size)

    def size(self, digest: str) -> int | None:
        """Size in bytes; None if the store does not have it."""
        algorithm, _, encoded = digest.partition(":")
        column = self._columns.get(algorithm)
        if column is None:
            return None
        start = int(encoded[:16], 16)
        place = bisect_left(column[0], start)
        if place == len(column[0]) or column[0][place] != start:
            return None
        return column[1][place]

    def __contains__(self, digest: object) -> bool:
        return isinstance(digest, str) and self.size(digest) is not None

    def fingerprint(self) -> str:
        """The same for the same blobs with the same sizes, and for no others."""
        total = hashlib.sha256()
        for algorithm, (starts, sizes) in sorted(self._columns.items()):
            total.update(f"{algorithm} {len(starts)} ".encode())
            total.update(starts.tobytes())
            total.update(sizes.tobytes())
        return total.hexdigest()


class HeldBlobs(ABC):
    """The blobs of a store that lists them, as far as they were listed."""

    def __init__(self, scope: Key) -> None:
        self._scope = scope
        self._start()

    def _start(self) -> None:
        self.held = Held()
        self.refused: set[str] = set()
        """Digests in whose place lies something that is no blob; a problem row says so already."""
        self.unlisted: str | None = None
        """Why some of them were not listed, if so."""
        self.unchanged = False
        """They are those of the last look, and their rows were not yielded again."""

    def rows(self, context: ScanContext) -> Iterator[Group]:
        """A row a blob, or a problem; of blobs that are all as they were at the last look, the problems alone."""
        if (last := context.known.listing(self._scope)) is not None:
            problems = list(self.look(None))
            if self.listing() == last:
                self.unchanged = True
                yield from problems
                return
            self._start()
        yield from self.look(context.keys)

    def listing(self) -> str | None:
        """The fingerprint of the blobs; None if they were not listed to the end."""
        return self.held.fingerprint() if self.unlisted is None else None

    @abstractmethod
    def look(self, keys: Keyring | None) -> Iterator[Group]:
        """List the blobs, and yield what is wrong with them; with `keys`, a row each, too."""
