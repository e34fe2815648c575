"""A graph driver's distribution folder: which blob held which layer when it was pulled or pushed.

The engine keeps the pairs in both directions, and keeps them after the image is gone.

https://github.com/moby/moby/blob/master/distribution/metadata/v2_metadata_service.go

    distribution/diffid-by-digest/sha256/<hex of blob>          sha256:<hex of diff ID>
    distribution/v2metadata-by-diffid/sha256/<hex of diff ID>   [{"Digest": "sha256:…", "SourceRepository": "…"}]
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from imgindex.errors import ContentError, MalformedError, MissingError, quote
from imgindex.limits import Limits
from imgindex.oci.digest import parse_digest
from imgindex.sources.docker_root.small import read_digest
from imgindex.sources.files import Root


class Pair(NamedTuple):
    """A layer and a blob that held it."""

    diff_id: str
    blob_digest: str


class _Metadata(msgspec.Struct):
    digest: str = msgspec.field(name="Digest")


_decode = msgspec.json.Decoder(list[_Metadata] | None).decode


class Distribution:
    """The pairs of one graph driver."""

    def __init__(self, root: Root, driver: str, limits: Limits) -> None:
        self.problems: list[tuple[str, ContentError]] = []
        """(locator, what is wrong), as far as `pairs` went."""
        self._root = root
        self._limits = limits
        self._folder = f"image/{driver}/distribution"

    def pairs(self) -> Iterator[Pair]:
        """Each pair once."""
        seen: set[Pair] = set()
        for pair in self._found():
            if pair not in seen:
                seen.add(pair)
                yield pair

    def _found(self) -> Iterator[Pair]:
        for path, digest in self._files("diffid-by-digest"):
            try:
                yield Pair(read_digest(self._root, path, self._limits), digest)
            except ContentError as error:
                self.problems.append((path, error))
        for path, diff_id in self._files("v2metadata-by-diffid"):
            try:
                blobs = [parse_digest(known.digest) for known in self._metadata(path)]
            except ContentError as error:
                self.problems.append((path, error))
            else:
                yield from (Pair(diff_id, digest) for digest in blobs)

    def _files(self, name: str) -> Iterator[tuple[str, str]]:
        """(path, the digest it is named after) of every file."""
        folder = f"{self._folder}/{name}"
        for algorithm in self._listing(folder):
            for entry in self._listing(f"{folder}/{algorithm}"):
                path = f"{folder}/{algorithm}/{entry}"
                try:
                    digest = parse_digest(f"{algorithm}:{entry}")
                except ContentError as error:
                    self.problems.append((path, error))
                else:
                    yield path, digest

    def _listing(self, path: str) -> list[str]:
        try:
            return [entry.name for entry in self._root.listing(path)]
        except MissingError:
            return []
        except ContentError as error:
            self.problems.append((path, error))
            return []

    def _metadata(self, path: str) -> list[_Metadata]:
        try:
            return _decode(self._root.read(path, self._limits.document_bytes)) or []
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise MalformedError(f"is no list of metadata: {quote(error)}") from error
