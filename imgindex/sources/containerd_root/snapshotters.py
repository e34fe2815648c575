"""What the snapshotters note of each snapshot: how large it is, and their own number for it.

Every snapshotter has a database of its own; one that keeps it elsewhere, as remote ones do, leaves sizes unknown.
No snapshot is opened: the size is what the snapshotter counted when the layer was unpacked.

https://github.com/containerd/containerd/blob/main/core/snapshots/storage/bolt.go

    io.containerd.snapshotter.v1.overlayfs/metadata.db
      v1/snapshots/<namespace>/<number>/<key>/{id, kind, parent, size, inodes}
"""

from __future__ import annotations

from typing import NamedTuple

from imgindex.errors import ContentError, MalformedError, quote
from imgindex.limits import Limits
from imgindex.sources.bolt.bucket import Bucket
from imgindex.sources.bolt.database import read_database
from imgindex.sources.containerd_root.values import number, unsigned
from imgindex.sources.files import Root

_COMMITTED = b"\x03"
_GREATEST = 2**63 - 1


class Usage(NamedTuple):
    """What a snapshotter says of a layer."""

    number: int
    """The name of its folder in `snapshots/`, where the snapshotter has one."""
    bytes: int


class Snapshotter:
    """The committed snapshots of one snapshotter."""

    def __init__(self, root: Root, folder: str, name: str, limits: Limits) -> None:
        self.path = f"{folder}io.containerd.snapshotter.v1.{name}/metadata.db"
        self.usage: dict[bytes, Usage] = {}
        """By the name that containerd has for it with its snapshotter."""
        self.unknown: ContentError | None = None
        """Why some are not known, if so."""
        self.broken: dict[bytes, ContentError] = {}
        try:
            snapshots = read_database(root, self.path, limits).root.bucket(b"v1", b"snapshots")
            for key, bucket in snapshots.buckets() if snapshots else ():
                try:
                    if (usage := _usage(bucket)) is not None:
                        self.usage[key] = usage
                except ContentError as error:
                    self.broken[key] = error
        except ContentError as error:
            self.unknown = error


def _usage(bucket: Bucket) -> Usage | None:
    values = bucket.values()
    if values.get(b"kind") != _COMMITTED:
        return None
    size = number(values.get(b"size", b"\0"))
    if not 0 <= size <= _GREATEST:
        raise MalformedError(f"its size is no number of bytes: {quote(size)}")
    return Usage(unsigned(values.get(b"id", b"")), size)
