"""An image in a folder, as skopeo's `dir:` transport writes it: one manifest or index, and all that it refers to.

It has no names: its manifest belongs to the nameless repository, and there are no tags. Blobs are called after their
digests; an index's manifests as `<hex>.manifest.json`. What else lies there (`version`, `signature-1`) is no content.

https://github.com/containers/image/blob/main/docs/containers-transports.5.md#dirpath

    version               Directory Transport Version: 1.1
    manifest.json         the manifest, byte for byte
    744e02ae….manifest.json, 7a442f4c…
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from imgindex.errors import ContentError, LayoutError, MissingError, quote
from imgindex.limits import Limits
from imgindex.oci.digest import digest_of
from imgindex.records.keys import Keyring
from imgindex.records.rows import Key, Record, ScanScope, SourceBlob, SourceManifest
from imgindex.records.wanted import Wanted
from imgindex.sources.base import ROWS, Group, Identity, ScanContext, batches, problem, scope_key
from imgindex.sources.files import Entry, Root, check_file
from imgindex.sources.held import HeldBlobs
from imgindex.sources.identity import identity_of
from imgindex.sources.walk import Walk

MANIFEST = "manifest.json"
_SCOPE = scope_key("dir", MANIFEST)
_BLOB = re.compile(r"([0-9a-f]{64})(\.manifest\.json)?")


class SkopeoDir:
    """The image in the folder `path`."""

    def __init__(self, path: str) -> None:
        """Raises SourceUnavailableError where there is no folder."""
        with Root(path) as root:
            self._path = root.path
        self.identity = Identity("dir", f"dir:{quote(self._path, 4096)}", identity_of(self._path))

    def scan(self, context: ScanContext) -> Iterator[Group]:
        """As `Source.scan`. Raises LayoutError where there is no manifest, or the folder cannot be listed."""
        limits, keys = context.limits, context.keys
        with Root(self._path) as root:
            digest, data = _read_manifest(root, limits)
            blobs = Blobs(root, _SCOPE, digest, len(data))
            yield from blobs.rows(context)
            yield [SourceManifest(_SCOPE, keys.repository(""), keys.blob(digest))]

            def fetch(wanted: Wanted) -> bytes:
                if wanted.digest in blobs.refused:
                    raise MissingError("is no file, as another row says")
                return data if wanted.digest == digest else root.read(blobs.path(wanted.digest), limits.document_bytes)

            yield from Walk(context, _SCOPE, fetch, where=blobs.path).read([Wanted(digest, "manifest")])
            yield [
                ScanScope(
                    _SCOPE,
                    "dir",
                    MANIFEST,
                    "complete",
                    closure=True,
                    listing=blobs.listing(),
                    unchanged=blobs.unchanged,
                )
            ]

    def plan(self, context: ScanContext) -> dict[str, int]:
        """As `Source.plan`."""
        with Root(self._path) as root:
            blobs = Blobs(root, 0, None, 0)
            for _ in blobs.look(None):
                pass
        return {"manifests": 1, "blobs": len(blobs.held)}


class Blobs(HeldBlobs):
    """The files that are called after digests, and the manifest."""

    def __init__(self, root: Root, scope: Key, manifest: str | None, manifest_bytes: int) -> None:
        """`manifest`: the digest of manifest.json."""
        self._root = root
        self._manifest = manifest
        self._manifest_bytes = manifest_bytes
        self._paths: dict[str, str] = {}
        super().__init__(scope)

    def path(self, digest: str) -> str:
        """The file of the blob of this digest."""
        if digest == self._manifest:
            return MANIFEST
        return self._paths.get(digest, digest.partition(":")[2])

    def look(self, keys: Keyring | None) -> Iterator[Group]:
        """As `HeldBlobs.look`. Raises LayoutError where there is no list of them."""
        try:
            entries = self._root.listing(sizes=True)
        except ContentError as error:
            raise LayoutError(f"cannot list {quote(self._root.path)}: {error}") from error
        found: dict[str, Entry] = {}
        for entry in entries:
            if match := _BLOB.fullmatch(entry.name):
                found.setdefault(f"sha256:{match[1]}", entry)
        if self._manifest is not None:
            found[self._manifest] = Entry(MANIFEST, "file", self._manifest_bytes)
        repository = 0 if keys is None else keys.repository("")
        for batch in batches(sorted(found.items()), ROWS):
            rows: list[Record] = []
            for digest, entry in batch:
                self._paths[digest] = entry.name
                try:
                    size = check_file(entry)
                except ContentError as error:
                    self.refused.add(digest)
                    rows.append(problem(self._scope, entry.name, error, digest))
                    continue
                self.held.add(digest, size)
                if keys is not None:
                    rows.append(SourceBlob(self._scope, repository, keys.blob(digest), size, "held"))
            if rows:
                yield rows


def _read_manifest(root: Root, limits: Limits) -> tuple[str, bytes]:
    """Its digest and bytes. Signed schema 1 has another digest than that of its bytes; skopeo writes none here."""
    try:
        data = root.read(MANIFEST, limits.document_bytes)
    except ContentError as error:
        raise LayoutError(f"cannot read {MANIFEST} of {quote(root.path)}: {error}") from error
    return digest_of(data), data
