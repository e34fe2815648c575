"""A registry's storage in a folder: the tree that distribution's filesystem driver writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from imgindex.errors import ContentError, MissingError, quote
from imgindex.sources.files import Root
from imgindex.sources.identity import identity_of
from imgindex.sources.registry_root.tree import TOP, Found


class FolderTree(Root):
    """Implements `Tree`."""

    def descend(self, path: str) -> Iterator[Found]:
        """As `Tree.descend`; in order, a folder before what lies in it."""
        ahead = [""]
        while ahead:
            name = ahead.pop()
            try:
                entries = self.listing(f"{path}/{name}" if name else path)
            except MissingError:
                continue  # nobody has pushed yet, or it is gone again
            except ContentError as error:
                yield Found(name, (), error)
                continue
            yield Found(name, entries)
            below = [entry.name for entry in entries if entry.kind == "folder" and not entry.name.startswith("_")]
            ahead.extend(f"{name}/{child}" if name else child for child in reversed(below))

    def ahead(self, paths: Sequence[str], limit: int) -> None:
        """Do nothing: a folder is read as fast when it is asked."""


class FolderStorage:
    """Implements `Storage`. The folder is `docker/registry/v2` itself."""

    def __init__(self, path: str) -> None:
        """Raises SourceUnavailableError where there is no folder."""
        with Root(path) as root:
            self._path = root.path
        self.address = quote(self._path.removesuffix("/" + TOP), 4096)
        self.fingerprint = identity_of(self._path)

    def open(self) -> FolderTree:
        return FolderTree(self._path)


def find_top(root: Root) -> str | None:
    """Where the tree is in a folder that is a registry's storage, or lies within one; None if there is none."""
    for top in (TOP, TOP.removeprefix("docker/")):
        if root.kind(top) == "folder":
            return top
    if root.kind("blobs") == "folder" or root.kind("repositories") == "folder":
        return ""
    return None
