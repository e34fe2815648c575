"""The root folder of containerd, as it lies on the disk: images, content and unpacked layers of all its namespaces.

What is listed are the images that an image record leads to. A pull for one platform leaves the others' manifests out,
so an index that lacks some of its children is whole. Snapshots under other names than chain IDs are what containers
write to, or a builder's; they are no layers of images, and left out. containerd may run and write meanwhile: its
databases are read as they were at one moment, without its lock.

https://github.com/containerd/containerd/blob/main/docs/content-flow.md

    /var/lib/containerd/
      io.containerd.metadata.v1.bolt/meta.db                   namespaces, names, labels
      io.containerd.content.v1.content/blobs/sha256/744e02ae…  manifests, configs and layers under their digests
      io.containerd.snapshotter.v1.overlayfs/metadata.db       how large each unpacked layer is
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from imgindex.errors import ContentError, LayoutError, quote
from imgindex.records.rows import ScanScope
from imgindex.sources.base import Group, Identity, ScanContext, scope_key
from imgindex.sources.containerd_root.store import UNSETTLED, Store
from imgindex.sources.files import Root
from imgindex.sources.identity import identity_of

_CATALOG = scope_key("catalog", "namespaces")


class ContainerdRoot:
    """The root in the folder `path`."""

    def __init__(self, path: str, rename: Callable[[str], str] = str) -> None:
        """`rename`: the name that a repository is filed under. Raises SourceUnavailableError if there is no folder."""
        with Root(path) as root:
            self._path = root.path
        self._rename = rename
        address = f"containerd-root:{quote(self._path, 4096)}"
        self.identity = Identity("containerd-root", address, identity_of(self._path))

    def scan(self, context: ScanContext) -> Iterator[Group]:
        """As `Source.scan`. Raises LayoutError where the records cannot be read, or the content not be listed."""
        with Root(self._path) as root:
            store = _open(root, context)
            yield from store.read(_CATALOG, self._rename)
            detail = None if store.is_settled else UNSETTLED
            yield [ScanScope(_CATALOG, "catalog", "namespaces", "complete" if store.is_settled else "partial", detail)]

    def plan(self, context: ScanContext) -> dict[str, int]:
        """As `Source.plan`."""
        with Root(self._path) as root:
            return _open(root, context).plan()


def _open(root: Root, context: ScanContext) -> Store:
    try:
        return Store(root, "", context)
    except ContentError as error:
        raise LayoutError(f"cannot read {quote(root.path)}: {error}") from error
