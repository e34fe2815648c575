"""How a registry's storage is reached: a folder, or an object store's keys under the same paths.

Everything else in this room reads through `Tree` and knows no more of the storage than it says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from imgindex.errors import ContentError
from imgindex.sources.files import Entry

TOP = "docker/registry/v2"
"""Where distribution keeps its tree within its storage."""


class Found(NamedTuple):
    """A folder on the way down, and what lies in it or why that is not known."""

    name: str
    """Its path below where the way began; "" is that place itself."""
    entries: Sequence[Entry]
    error: ContentError | None = None


class Tree(Protocol):
    """The tree below `docker/registry/v2`; paths are relative to it. Errors are those of `files.Root`."""

    def listing(self, path: str = "") -> list[Entry]:
        """What lies in a folder, sorted by name."""
        ...

    def descend(self, path: str) -> Iterator[Found]:
        """The folders below `path`, as far as the name of none on the way starts with `_`, and each once.

        A folder may be left out that has none directly below whose name starts so. Read what lies below the others when
        their turn has come, and before the next: an object store has it at hand then.
        """
        ...

    def read(self, path: str, limit: int) -> bytes:
        """A whole file of at most `limit` bytes."""
        ...

    def read_dated(self, path: str, limit: int) -> tuple[bytes, int]:
        """As `read`, and when it was last written, in microseconds since 1970-01-01 UTC."""
        ...

    def ahead(self, paths: Sequence[str], limit: int) -> None:
        """These will be read next, in this order, as far as they are read at all."""
        ...

    def size(self, path: str) -> int:
        """A file's size in bytes."""
        ...


class Storage(Protocol):
    """Where a tree lies."""

    address: str
    """As a person would write it, without `registry-root:`; escaped."""
    fingerprint: str
    """Which storage it is, as `base.Identity` has it."""

    def open(self) -> AbstractContextManager[Tree]:
        """Raises SourceUnavailableError."""
        ...
