"""An OCI image layout in a folder or a tar, as skopeo, umoci, buildah, crane and others write it.

It has one scope, index.json. What that lists is there, with all that it reaches and the layout holds; other blobs are
orphans, listed with their sizes alone. No layer is opened. A descriptor without a ref name belongs to the nameless
repository, as does a bare ref.

https://github.com/opencontainers/image-spec/blob/main/image-layout.md

    layout/
      oci-layout                {"imageLayoutVersion": "1.0.0"}
      index.json                manifests, and their ref names
      blobs/sha256/744e02ae…    manifests, configs and layers under their digests
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from imgindex.errors import ContentError, MalformedError, MissingError, SizeMismatchError, SourceUnavailableError, quote
from imgindex.limits import Limits
from imgindex.records.keys import Keyring
from imgindex.records.rows import Key, Record, ScanScope, SourceManifest, Tag
from imgindex.records.wanted import Wanted
from imgindex.sources.base import ROWS, Group, Identity, ScanContext, batches, problem, scope_key
from imgindex.sources.files import Root
from imgindex.sources.identity import identity_of
from imgindex.sources.oci_layout.blobs import Blobs, blob_path
from imgindex.sources.oci_layout.listing import INDEX, MARKER, Listing, check_marker, read_listing
from imgindex.sources.tree import Tree
from imgindex.sources.walk import Walk


class OciLayout:
    """The layout in the folder `path`; with `ref`, only what goes by that name in it."""

    kind = "oci"

    def __init__(self, path: str, ref: str | None = None, rename: Callable[[str], str] = str) -> None:
        """`rename`: the name that a repository is filed under. Raises SourceUnavailableError if there is nothing."""
        self._path = self._look(path)
        self._ref = ref
        self._rename = rename
        self.identity = Identity(self.kind, f"{self.kind}:{quote(self._path, 4096)}", self._fingerprint())

    def _look(self, path: str) -> str:
        """The real path. Raises SourceUnavailableError."""
        with Root(path) as root:
            return root.path

    def _fingerprint(self) -> str:
        return identity_of(self._path)

    @contextmanager
    def _open(self, limits: Limits) -> Iterator[tuple[Tree, str | None]]:
        """The tree to read from, and why a part of it cannot be read, if so."""
        with Root(self._path) as root:
            yield root, None

    def scan(self, context: ScanContext) -> Iterator[Group]:
        """As `Source.scan`. Raises LayoutError where index.json or `blobs` cannot be read."""
        scope = scope_key("layout", INDEX)
        limits = context.limits
        with self._open(limits) as (root, broken):
            marker = check_marker(root, limits)
            listing = self._listing(root, limits)
            if marker is not None:
                yield [problem(scope, MARKER, marker)]
            if broken is not None:
                yield [problem(scope, self._path, MalformedError(broken))]
            blobs = Blobs(root, scope)
            yield from blobs.rows(context)
            yield from _rows(listing, scope, context.keys)

            def fetch(wanted: Wanted) -> bytes:
                if wanted.digest in blobs.refused:
                    raise MissingError("is no file, as another row says")
                return root.read(blob_path(wanted.digest), limits.document_bytes)

            walk = Walk(context, scope, fetch, where=blob_path)
            sizes = {digest: blobs.held.size(digest) for digest in listing.manifests}
            # Declared sizes are compared in every scan, whether the document is read in it or not.
            yield from walk.read(
                Wanted(digest, "manifest", listing.manifests[digest].media_type)
                for digest, size in sizes.items()
                if size is not None
            )
            yield from _differences(listing, sizes, blobs.refused | walk.failed, scope)
            yield [self._end(scope, blobs, broken)]

    def plan(self, context: ScanContext) -> dict[str, int]:
        """As `Source.plan`."""
        with self._open(context.limits) as (root, _):
            listing = self._listing(root, context.limits)
            blobs = Blobs(root, 0)
            for _ in blobs.look(None):
                pass
        return {
            "manifests": len(listing.manifests),
            "tags": len(listing.tags),
            "blobs": len(blobs.held),
        }

    def _listing(self, root: Tree, limits: Limits) -> Listing:
        listing = read_listing(root, limits, self._rename, self._ref)
        if self._ref is not None and not listing.manifests:
            raise SourceUnavailableError(f"{INDEX} of {quote(self._path)} lists nothing by the name {quote(self._ref)}")
        return listing

    def _end(self, scope: Key, blobs: Blobs, broken: str | None) -> ScanScope:
        detail = (broken or blobs.unlisted) if self._ref is None else f"only {quote(self._ref)} was asked for"
        outcome = "complete" if detail is None else "partial"
        return ScanScope(
            scope, "layout", INDEX, outcome, detail, closure=True, listing=blobs.listing(), unchanged=blobs.unchanged
        )


def _rows(listing: Listing, scope: Key, keys: Keyring) -> Iterator[Group]:
    """What index.json itself says."""
    yield from batches((problem(scope, locator, error) for locator, error in listing.problems), ROWS)
    for manifests in batches(listing.places, ROWS):
        yield [SourceManifest(scope, keys.repository(name), keys.blob(digest)) for name, digest in manifests]
    for tags in batches(listing.tags.items(), ROWS):
        yield [
            Tag(scope, keys.repository(repository), tag, keys.blob(digest), "manifest", None)
            for (repository, tag), digest in tags
        ]


def _differences(listing: Listing, sizes: dict[str, int | None], known: set[str], scope: Key) -> Iterator[Group]:
    """Where index.json and the blobs do not agree. What is broken has its problem row already: `known`."""
    rows: list[Record] = []
    for digest, size in sizes.items():
        declared = listing.manifests[digest].size
        if size is None:
            error: ContentError = MissingError(f"is listed in {INDEX}, but is not there")
        elif declared is not None and declared != size:
            error = SizeMismatchError(f"{INDEX} declares {declared} bytes, but it has {size}")
        else:
            continue
        if digest not in known:
            rows.append(problem(scope, blob_path(digest), error, digest))
    yield from batches(rows, ROWS)
