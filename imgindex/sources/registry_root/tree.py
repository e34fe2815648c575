"""How a registry's storage is reached: a folder now, an object store's keys under the same paths later.

Everything else in this room reads through `Tree` and knows no more of the storage than it says.
"""

from __future__ import annotations

from typing import Protocol

from imgindex.sources.files import Entry, Kind, Root

TOP = "docker/registry/v2"
"""Where distribution keeps its tree within its storage."""


class Tree(Protocol):
    """The tree below `docker/registry/v2`; paths are relative to it. Errors are those of `files.Root`."""

    path: str

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


def find_top(root: Root) -> str | None:
    """Where the tree is in a folder that is a registry's storage, or lies within one; None if there is none."""
    for top in (TOP, TOP.removeprefix("docker/")):
        if root.kind(top) == "folder":
            return top
    if root.kind("blobs") == "folder" or root.kind("repositories") == "folder":
        return ""
    return None
