"""What a store is read through: a folder (`files.Root`), or a tar (`tar.TarRoot`), under the same paths."""

from __future__ import annotations

from typing import Protocol

from imgindex.sources.files import Entry, Kind


class Tree(Protocol):
    """Files under relative paths with `/`; the empty path is the top. Errors are those of `files.Root`."""

    path: str
    """Where the whole lies, for messages."""

    def listing(self, path: str = "", sizes: bool = False) -> list[Entry]:
        """What lies in a folder, sorted by name."""
        ...

    def read(self, path: str, limit: int) -> bytes:
        """A whole file of at most `limit` bytes."""
        ...

    def read_dated(self, path: str, limit: int) -> tuple[bytes, int]:
        """As `read`, and when it was last written, in microseconds since 1970-01-01 UTC."""
        ...

    def size(self, path: str) -> int:
        """A file's size in bytes."""
        ...

    def kind(self, path: str) -> Kind | None:
        """What lies there, if anything."""
        ...

    def close(self) -> None: ...
