"""A registry's storage in an object store, which is slow to answer and quick to list: a thousand keys a request.

Folders are not asked for one by one. What is listed comes in the order of the keys, so what belongs to one shard of
blobs, or to one repository, comes in one run, and a run at a time is held (`Window`): about 600 bytes a key. Links are
known from the listing (see `window`). Where a store's ETags are no MD5, as with keys of one's own, a link of the right
size is taken for what its folder says, and only the links of tags are read.

Nothing is found in a listing that was pushed after its page: as with a folder, that is for the next scan.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from imgindex.errors import ContentError, LimitExceededError, MissingError, SourceUnavailableError
from imgindex.sources.files import Entry, UnreadableError
from imgindex.sources.registry_root.ahead import Ahead
from imgindex.sources.registry_root.objects import Objects
from imgindex.sources.registry_root.tree import Found
from imgindex.sources.registry_root.window import Stored, Window, spelt_digest

SKEW = 15 * 60 * 1_000_000
"""Microseconds by which the store's clock and ours may differ: S3 refuses who is further off."""
DENIALS = 8
"""Objects that may not be read before any could, from which it follows that none may."""
_UPLOADS = "/_uploads/"
_CURRENT = "/current/link"


class ObjectTree:
    """Implements `Tree`."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects
        self._documents = Ahead(objects.get)
        self._links = Ahead(objects.get)
        self._window = Window("\0")
        self._shards: Iterator[Window] | None = None
        self._next: Window | None = None
        self._absent: set[str] = set()
        self._opened = time.time_ns() // 1000
        self._opaque = False
        """A right link was seen whose ETag is not the MD5 of what it holds."""
        self._announced = ""
        """Root of the window whose tags are fetched ahead."""
        self._denied = 0
        self._read_any = False

    def __enter__(self) -> ObjectTree:
        return self

    def __exit__(self, *exception: object) -> None:
        self._documents.close()
        self._links.close()

    def listing(self, path: str = "") -> list[Entry]:
        """As `Tree.listing`."""
        if not self._window.covers(path):
            if not _is_shard(path):
                self._shards = self._next = None
                return self._objects.folder(path)
            self._window = self._shard(path)
        return self._window.listing(path)

    def descend(self, path: str) -> Iterator[Found]:
        """As `Tree.descend`; in the order of the keys."""
        seen: set[str] = set()
        for window in _runs(self._objects.below(path), _repository):
            name = window.root[len(path) + 1 : -2]
            if name in seen:
                raise SourceUnavailableError("the object store lists its keys in no order; general purpose buckets do")
            seen.add(name)
            self._window = window
            yield Found(name, window.listing(f"{path}/{name}"))
        self._window = Window("\0")

    def ahead(self, paths: Sequence[str], limit: int) -> None:
        """As `Tree.ahead`."""
        self._documents.announce(paths, limit)

    def read(self, path: str, limit: int) -> bytes:
        """As `Tree.read`."""
        try:
            data, _ = self._documents.get(path, limit)
        except UnreadableError as error:
            self._denied += 1
            if self._denied >= DENIALS and not self._read_any:
                raise SourceUnavailableError(f"its objects {error}; it takes s3:GetObject") from error
            raise
        self._read_any = True
        return data

    def read_dated(self, path: str, limit: int) -> tuple[bytes, int]:
        """As `Tree.read_dated`. What the window tells is not read."""
        if not self._window.covers(path):
            return self._objects.get(path, limit)
        link = self._window.stored(path)
        if link.size > limit:
            raise LimitExceededError(f"{link.size} bytes, more than the {limit} allowed")
        content = self._window.content(link)
        if content is not None:
            return content, link.written
        spelt = spelt_digest(path)
        if self._opaque and spelt is not None and len(spelt) == link.size:
            return spelt, link.written
        if spelt is None:
            self._announce_tags(path, limit)
            return self._links.get(path, limit)
        data, written = self._objects.get(path, limit)
        self._opaque = self._opaque or data == spelt
        return data, written

    def size(self, path: str) -> int:
        """As `Tree.size`. What is not there is asked for once, and not at all if it was linked before all was listed.

        A blob is linked when it is there, so one that was linked before, and was not listed, is gone.
        """
        if self._window.covers(path):
            return self._window.stored(path).size
        if path in self._absent or self._linked_before(path):
            raise MissingError("does not exist")
        try:
            return self._objects.size(path)
        except MissingError:
            self._absent.add(path)
            raise

    def _linked_before(self, blob: str) -> bool:
        """Whether the repository at hand links a blob, and did so before this tree was opened."""
        _, algorithm, _, encoded, _ = blob.split("/")
        links = []
        for folder in ("layers", "manifests/revisions"):
            with suppress(ContentError):
                links.append(self._window.stored(f"{self._window.root}{folder}/{algorithm}/{encoded}/link"))
        return bool(links) and max(link.written for link in links) < self._opened - SKEW

    def _announce_tags(self, path: str, limit: int) -> None:
        """Fetch the links of a repository's tags at once, when the first of them has to be read."""
        if self._announced == self._window.root:
            return
        self._announced = self._window.root
        unknown = [
            stored.path
            for stored in self._window
            if stored.path.endswith(_CURRENT) and stored.size <= limit and self._window.content(stored) is None
        ]
        self._links.announce(sorted(unknown, key=_tag), limit)

    def _shard(self, path: str) -> Window:
        """A shard of the blobs: the next in the run of all of them, or listed by itself if that is not the next."""
        root = f"{path}/"
        if self._shards is None:
            self._shards = _runs(self._objects.below(path.rpartition("/")[0]), _shard)
        while self._next is None or self._next.root < root:
            self._next = next(self._shards, None)
            if self._next is None:
                break
        if self._next is not None and self._next.root == root:
            return self._next
        alone = Window(root)
        for stored in self._objects.below(path):
            alone.add(stored)
        return alone


def _runs(listed: Iterator[Stored], root_of: Callable[[str], str | None]) -> Iterator[Window]:
    """The objects in windows, as long as the root stays the same; those without one are left out."""
    window: Window | None = None
    uploading = False
    for stored in listed:
        root = root_of(stored.path)
        if root is None:
            continue
        if window is None or window.root != root:
            if window is not None:
                yield window
            window, uploading = Window(root), False
        if _UPLOADS in stored.path:
            # Pushes that were broken off may have left thousands of parts. That there are some is all that matters.
            if uploading:
                continue
            uploading = True
        window.add(stored)
    if window is not None:
        yield window


def _is_shard(path: str) -> bool:
    return path.startswith("blobs/") and path.count("/") == 2


def _shard(path: str) -> str | None:
    parts = path.split("/", 3)
    return "/".join(parts[:3]) + "/" if len(parts) == 4 else None


def _repository(path: str) -> str | None:
    """`repositories/team/web/_` of `repositories/team/web/_layers/…`."""
    place = path.find("/_")
    return None if place < 0 else path[: place + 2]


def _tag(path: str) -> str:
    return path.rsplit("/", 3)[1]
