"""The containers of a namespace: what each was made of.

A container names an image, and a snapshot of its own that stands on the image's layers. Which image of several
platforms it is, and which one where the name has moved on, is told by the labels that lead from the name's target to
a config whose layers are the ones that the container stands on. Whether it runs is not on the disk.

    containerd.io/gc.ref.content.m.0 = sha256:dbe0b621…           at an index: a manifest
    containerd.io/gc.ref.content.config = sha256:31b3cb83…        at a manifest: its config
    containerd.io/gc.ref.snapshot.overlayfs = sha256:8063fc95…    at a config: its layers, unpacked
"""

from __future__ import annotations

from typing import NamedTuple

from imgindex.oci.digest import is_sha256
from imgindex.records.rows import Micros
from imgindex.sources.containerd_root.records import ContainerRecord, Namespace
from imgindex.sources.containerd_root.stacks import SNAPSHOT

_CONTENT = "containerd.io/gc.ref.content"
_NERDCTL = "nerdctl/name"
_POD = ("io.kubernetes.pod.namespace", "io.kubernetes.pod.name", "io.kubernetes.container.name")


class MadeOf(NamedTuple):
    """A container, as its record tells of it, or an engine that uses containerd."""

    container_id: str
    snapshotter: str | None
    snapshot: str | None
    name: str | None
    target: str | None
    """Digest of the manifest or index that it was made of, as far as that is known."""
    image_ref: str | None
    state: str | None
    created_at: Micros | None


def own_containers(namespace: Namespace) -> list[MadeOf]:
    """The containers that a namespace has records of."""
    targets = {record.name: record.digest for record in namespace.images}
    return [
        MadeOf(
            record.container_id,
            record.snapshotter,
            record.snapshot,
            _name_of(record),
            targets.get(record.image or ""),
            record.image,
            None,
            record.created_at,
        )
        for record in namespace.containers
    ]


def chain_of(container: MadeOf, namespace: Namespace) -> str | None:
    """The stack of layers that a container's snapshot stands on; Docker puts one of its own in between."""
    snapshots = namespace.snapshots.get(container.snapshotter or "", {})
    key, seen = container.snapshot, set[str]()
    while key is not None and key not in seen and not is_sha256(key):
        seen.add(key)
        record = snapshots.get(key)
        key = None if record is None else record.parent
    return key if key is not None and is_sha256(key) else None


def image_of(container: MadeOf, chain_id: str | None, namespace: Namespace) -> str | None:
    """The one config below a container's target whose layers were unpacked as this stack; None if that is not clear."""
    ahead, seen, found = [container.target], set[str](), set[str]()
    while ahead and chain_id is not None:
        digest = ahead.pop()
        if digest is None or digest in seen or digest not in namespace.content:
            continue
        seen.add(digest)
        labels = namespace.content[digest].labels
        if labels.get(f"{SNAPSHOT}{container.snapshotter}") == chain_id:
            found.add(digest)
        ahead.extend(value for label, value in labels.items() if label.startswith(_CONTENT))
    return found.pop() if len(found) == 1 else None


def _name_of(record: ContainerRecord) -> str | None:
    """What people call it: nerdctl's name, or Kubernetes' namespace, pod and container."""
    labels = record.labels
    return labels.get(_NERDCTL) or "/".join(filter(None, (labels.get(label) for label in _POD))) or None
