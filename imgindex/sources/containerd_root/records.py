"""containerd's own records, as they lie in meta.db: namespaces with their images, content, snapshots and containers.

A record that is broken is one problem, and the others stand. A list that breaks off says so in `unlisted`.

https://github.com/containerd/containerd/blob/main/core/metadata/buckets.go

    v1/<namespace>/images/<name>/{createdat, updatedat, target/{digest, mediatype, size}}
                   content/blob/<digest>/{size, createdat, updatedat, labels/<name>}
                   snapshots/<snapshotter>/<key>/{name, parent, createdat, updatedat}
                   containers/<ID>/{image, snapshotter, snapshotKey, createdat, labels/<name>}
                   leases/<ID>/{createdat, labels/<name>}
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from imgindex.errors import ContentError, MalformedError, quote
from imgindex.limits import Limits
from imgindex.oci.digest import parse_digest
from imgindex.records.rows import Micros
from imgindex.sources.bolt.bucket import Bucket
from imgindex.sources.bolt.database import Database
from imgindex.sources.containerd_root.values import labels, moment, name, text

META = "io.containerd.metadata.v1.bolt/meta.db"
_VERSION = b"v1"
_NAME_CHARS = 4096
"""Longest name of an image, whole: registry, path, tag and digest."""

T = TypeVar("T")


class ImageRecord(NamedTuple):
    """A name, and the manifest or index that it stands for."""

    name: str
    digest: str
    media_type: str | None
    updated_at: Micros | None


class ContentRecord(NamedTuple):
    """A blob that a namespace holds."""

    digest: str
    labels: dict[str, str]


class SnapshotRecord(NamedTuple):
    """An unpacked stack of layers, under its chain ID; or what a container writes to, under any name."""

    key: str
    parent: str | None
    backing: bytes
    """The snapshotter's own name for it."""


class ContainerRecord(NamedTuple):
    """A container; whether it runs is not written down here."""

    container_id: str
    image: str | None
    snapshotter: str | None
    snapshot: str | None
    labels: dict[str, str]
    created_at: Micros | None


@dataclass(slots=True)
class Namespace:
    """What one namespace holds."""

    name: str
    images: list[ImageRecord] = field(default_factory=list)
    content: dict[str, ContentRecord] = field(default_factory=dict)
    """By digest, ascending."""
    snapshots: dict[str, dict[str, SnapshotRecord]] = field(default_factory=dict)
    """By snapshotter, then by key."""
    containers: list[ContainerRecord] = field(default_factory=list)
    lease_count: int = 0
    problems: list[tuple[str, ContentError]] = field(default_factory=list)
    """(locator, what is wrong)"""
    unlisted: str | None = None
    """Why some of it was not listed, if so."""


def read_namespaces(database: Database, limits: Limits) -> list[Namespace]:
    """All that the database holds. Raises ContentError where it is broken, or not containerd's."""
    top = database.root.bucket(_VERSION)
    if top is None:
        raise MalformedError("holds no records of schema v1, which is the one that can be read")
    return [_Reader(Namespace(name(key, limits)), limits).read(bucket) for key, bucket in top.buckets()]


class _Reader:
    """One namespace's way out of its bucket."""

    def __init__(self, namespace: Namespace, limits: Limits) -> None:
        self._namespace = namespace
        self._limits = limits

    def read(self, bucket: Bucket) -> Namespace:
        namespace = self._namespace
        try:
            parts = dict(bucket.buckets())
        except ContentError as error:
            self._break_off("", error)
            return namespace
        namespace.images = list(self._all("images", parts.get(b"images"), self._image))
        blobs = self._inner("content", parts.get(b"content"), b"blob")
        namespace.content = {found.digest: found for found in self._all("content/blob", blobs, self._content)}
        for key, found in self._each("snapshots", parts.get(b"snapshots")):
            place = f"snapshots/{quote(key)}"
            kept = {record.key: record for record in self._all(place, found, self._snapshot)}
            if kept:
                namespace.snapshots[key] = kept
        namespace.containers = list(self._all("containers", parts.get(b"containers"), self._container))
        namespace.lease_count = sum(1 for _ in self._each("leases", parts.get(b"leases")))
        return namespace

    def _all(self, place: str, bucket: Bucket | None, read: Callable[[str, Bucket], T]) -> Iterator[T]:
        for key, found in self._each(place, bucket):
            try:
                yield read(key, found)
            except ContentError as error:
                self._note(f"{place}/{key}", error)

    def _each(self, place: str, bucket: Bucket | None) -> Iterator[tuple[str, Bucket]]:
        """The buckets in a bucket, with their names."""
        if bucket is None:
            return
        try:
            for key, found in bucket.buckets():
                try:
                    written = text(key)
                    if len(written) > _NAME_CHARS or "\0" in written:
                        raise MalformedError("no name is like this")
                except ContentError as error:
                    self._note(f"{place}/{quote(key)}", error)
                else:
                    yield written, found
        except ContentError as error:
            self._break_off(place, error)

    def _inner(self, place: str, bucket: Bucket | None, key: bytes) -> Bucket | None:
        try:
            return None if bucket is None else bucket.bucket(key)
        except ContentError as error:
            self._break_off(place, error)
            return None

    def _image(self, key: str, bucket: Bucket) -> ImageRecord:
        parts = dict(bucket.items())
        target = parts.get(b"target")
        if not isinstance(target, Bucket):
            raise MalformedError("has no target")
        values = target.values()
        digest = parse_digest(text(values.get(b"digest", b"")))
        media_type = name(values.get(b"mediatype", b""), self._limits) or None
        return ImageRecord(key, digest, media_type, moment(_bytes(parts, b"updatedat")))

    def _content(self, key: str, bucket: Bucket) -> ContentRecord:
        parts = dict(bucket.items())
        return ContentRecord(parse_digest(key), labels(_bucket(parts, b"labels"), self._limits))

    def _snapshot(self, key: str, bucket: Bucket) -> SnapshotRecord:
        values = bucket.values()
        if not (backing := values.get(b"name")):
            raise MalformedError("has no name with its snapshotter")
        return SnapshotRecord(key, text(values.get(b"parent", b"")) or None, backing)

    def _container(self, key: str, bucket: Bucket) -> ContainerRecord:
        parts, limits = dict(bucket.items()), self._limits
        image, snapshotter, snapshot = (
            text(_bytes(parts, part) or b"") or None for part in (b"image", b"snapshotter", b"snapshotKey")
        )
        created_at = moment(_bytes(parts, b"createdat"))
        return ContainerRecord(key, image, snapshotter, snapshot, labels(_bucket(parts, b"labels"), limits), created_at)

    def _break_off(self, place: str, error: ContentError) -> None:
        self._namespace.unlisted = f"{place} {error}".strip()
        self._note(place, error)

    def _note(self, place: str, error: ContentError) -> None:
        self._namespace.problems.append((f"{META}: {self._namespace.name}/{place}", error))


def _bytes(parts: dict[bytes, bytes | Bucket], key: bytes) -> bytes | None:
    value = parts.get(key)
    return value if isinstance(value, bytes) else None


def _bucket(parts: dict[bytes, bytes | Bucket], key: bytes) -> Bucket | None:
    value = parts.get(key)
    return value if isinstance(value, Bucket) else None
