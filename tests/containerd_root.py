"""A root folder of containerd made from nothing, with its databases: what `builders` is for the other stores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bolt import go_time, uvarint, varint, write_bolt
from tests.builders import Blob, Image, Index, write

PULLED = 1_700_000_000
"""Seconds since 1970."""


@dataclass
class Containerd:
    """The root of a containerd with one snapshotter."""

    path: Path
    snapshotter: str = "overlayfs"
    tree: dict[bytes, Any] = field(default_factory=dict)
    """What lies in meta.db below `v1`; `save` writes it."""
    snapshots: dict[bytes, Any] = field(default_factory=dict)
    """What lies in the snapshotter's metadata.db below `v1/snapshots`."""
    transaction: int = 2
    updated: int = PULLED

    def add(
        self,
        namespace: str,
        thing: Image | Index,
        *names: str,
        origin: tuple[str, str] | None = None,
        unpack: bool = True,
    ) -> None:
        """Hold it, under these names; `origin` is the host and path that it was pulled from."""
        for blob, labels in _labelled(thing, self.snapshotter, unpack):
            if origin is not None:
                labels = {f"containerd.io/distribution.source.{origin[0]}": origin[1], **labels}
            self.put(namespace, blob, labels)
        for image in _images(thing) if unpack else ():
            below = None
            for layer, chain in zip(image.layers, image.chain_ids, strict=True):
                self.unpack(namespace, chain, below, 4096 + 10 * len(layer.blob.data))
                below = chain
        for name in names:
            self.name(namespace, name, thing.manifest)
        self.save()

    def put(self, namespace: str, blob: Blob, labels: dict[str, str] | None = None) -> None:
        write(self.blob(blob.digest), blob.data)
        blobs = self.bucket(namespace, "content", "blob")
        blobs[blob.digest.encode()] = {
            b"size": varint(len(blob.data)),
            b"createdat": go_time(PULLED),
            b"updatedat": go_time(PULLED),
            b"labels": {key.encode(): value.encode() for key, value in (labels or {}).items()},
        }

    def name(self, namespace: str, name: str, target: Blob) -> None:
        self.updated += 60
        self.bucket(namespace, "images")[name.encode()] = {
            b"createdat": go_time(PULLED),
            b"updatedat": go_time(self.updated),
            b"target": {
                b"digest": target.digest.encode(),
                b"mediatype": target.media_type.encode(),
                b"size": varint(len(target.data)),
            },
        }

    def unpack(self, namespace: str, key: str, parent: str | None, size: int | None) -> None:
        """A snapshot; one without a size is what a container writes to."""
        records = self.bucket(namespace, "snapshots", self.snapshotter)
        if key.encode() in records:
            return
        number = len(self.snapshots) + 1
        backing = f"{namespace}/{2 * number}/{key}".encode()
        records[key.encode()] = {b"name": backing, b"createdat": go_time(PULLED), b"updatedat": go_time(PULLED)}
        self.snapshots[backing] = {b"id": uvarint(number), b"kind": b"\x03" if size is not None else b"\x02"}
        if parent is not None:
            records[key.encode()][b"parent"] = parent.encode()
            self.snapshots[backing][b"parent"] = records[parent.encode()][b"name"]
        if size is not None:
            self.snapshots[backing] |= {b"size": varint(size), b"inodes": varint(3)}

    def run(self, namespace: str, container_id: str, image: Image, name: str, **labels: str) -> None:
        """A container of this image, which goes by this name."""
        self.unpack(namespace, container_id, image.chain_ids[-1], None)
        self.bucket(namespace, "containers")[container_id.encode()] = {
            b"image": name.encode(),
            b"snapshotter": self.snapshotter.encode(),
            b"snapshotKey": container_id.encode(),
            b"createdat": go_time(PULLED + 5, 123_456_789, zone=60),
            b"updatedat": go_time(PULLED + 5),
            b"labels": {key.replace("_", "/", 1).encode(): value.encode() for key, value in labels.items()},
            b"spec": b"TOKEN=hunter2",
        }
        self.save()

    def bucket(self, namespace: str, *names: str) -> dict[bytes, Any]:
        """A bucket below a namespace, which is made if there is none."""
        found = self.tree.setdefault(namespace.encode(), {b"labels": {}, b"leases": {}})
        for name in names:
            found = found.setdefault(name.encode(), {})
        return found

    def save(self) -> None:
        """Write both databases, as a further transaction."""
        self.transaction += 1
        tree = {b"v1": {b"version": varint(3), **self.tree}}
        write(self.meta, write_bolt(tree, transaction=self.transaction))
        write(self.usage, write_bolt({b"v1": {b"snapshots": self.snapshots}}, transaction=self.transaction))

    @property
    def meta(self) -> Path:
        return self.path / "io.containerd.metadata.v1.bolt/meta.db"

    @property
    def usage(self) -> Path:
        return self.path / f"io.containerd.snapshotter.v1.{self.snapshotter}/metadata.db"

    def blob(self, digest: str) -> Path:
        return self.path / "io.containerd.content.v1.content/blobs" / digest.replace(":", "/")


def _labelled(thing: Image | Index, snapshotter: str, unpack: bool) -> Iterator[tuple[Blob, dict[str, str]]]:
    """Each blob, with the labels that containerd gives it."""
    reference = "containerd.io/gc.ref.content."
    if isinstance(thing, Index):
        children = {f"{reference}m.{place}": child.manifest.digest for place, child in enumerate(thing.children)}
        yield thing.manifest, children
        for child in thing.children:
            yield from _labelled(child, snapshotter, unpack)
        return
    layers = {f"{reference}l.{place}": layer.blob.digest for place, layer in enumerate(thing.layers)}
    yield thing.manifest, {f"{reference}config": thing.config.digest, **layers}
    tops = {f"containerd.io/gc.ref.snapshot.{snapshotter}": thing.chain_ids[-1]} if thing.layers and unpack else {}
    yield thing.config, tops
    for layer in thing.layers:
        yield layer.blob, {"containerd.io/uncompressed": layer.diff_id} if unpack else {}


def _images(thing: Image | Index) -> list[Image]:
    return [thing] if isinstance(thing, Image) else [image for child in thing.children for image in _images(child)]
