"""Images that an engine keeps in containerd's store, where it runs containerd itself: below its data root.

An engine that finds a containerd running uses that one, whose root is elsewhere. An engine with graph drivers runs
containerd as well, and keeps no content in it. Containers are the engine's: it keeps more of them than containerd does,
which knows those alone that run.

https://docs.docker.com/engine/storage/containerd/
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from imgindex.errors import ContentError
from imgindex.sources.containerd_root.containers import MadeOf
from imgindex.sources.containerd_root.content import FOLDER as CONTENT
from imgindex.sources.containerd_root.store import Store
from imgindex.sources.docker_root.containers import Found
from imgindex.sources.files import Root

NAMESPACE = "moby"
"""The namespace of the engine's images and containers."""
_FOLDERS = ("containerd/daemon/", "containerd/")


def find_folder(root: Root) -> str | None:
    """The folder of a containerd that has content, with a slash; None if there is none."""
    for folder in _FOLDERS:
        with suppress(ContentError):
            if root.listing(f"{folder}{CONTENT}/sha256"):
                return folder
    return None


def stands_on(store: Store, container: Found) -> bool:
    """Whether this is a container of an image in the store."""
    return any(container.driver in found.snapshots for found in store.namespaces if found.name == NAMESPACE)


def told(containers: Sequence[Found]) -> Iterator[MadeOf]:
    """The containers as the store takes them. The engine calls a manifest or index the image, and each has a snapshot
    of its own name."""
    for found in containers:
        yield MadeOf(
            found.container_id,
            found.driver,
            found.container_id,
            found.name,
            found.image_id,
            found.image_ref,
            found.state,
            found.created_at,
        )
