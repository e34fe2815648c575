"""What `docker save` writes, of every age: folders named after v1 IDs, and, since Docker 25, an OCI layout as well.

All of it is one scope. Every image in it is listed. A layer is a file that holds its tar: its bytes are those of the
basis `uncompressed`, each diff ID once, since repeats are links. A layer that was packed compressed has no such size.
Where the archive is a layout too, its manifests and blobs are told as those of a layout are.

https://github.com/moby/docker-image-spec/blob/main/spec/v1.2.md#combined-image-json--filesystem-changeset-format

    manifest.json        images: config, names, layers
    <image ID>.json      a config
    <v1 ID>/layer.tar    a layer, or a link to one
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

from imgindex.errors import ContentError, InvalidReferenceError, MalformedError, MissingError, quote
from imgindex.limits import Limits
from imgindex.oci.chain import chain_ids
from imgindex.oci.reference import parse_reference
from imgindex.records.rows import Key, Record, ScanScope, SourceImage, SourceLayer, SourceManifest, Tag
from imgindex.records.wanted import Wanted
from imgindex.sources.base import ROWS, Group, Identity, ScanContext, batches, problem, scope_key
from imgindex.sources.docker_archive.saved import MANIFEST, Saved, read_saved
from imgindex.sources.identity import identity_of_file
from imgindex.sources.oci_layout.blobs import Blobs, blob_path
from imgindex.sources.oci_layout.listing import INDEX, MARKER, read_listing
from imgindex.sources.tar.root import TarRoot
from imgindex.sources.tar.stream import compression_of, open_stream
from imgindex.sources.walk import Walk

STORE = "archive"
"""The `store` of its layers: each diff ID lies in it once, whatever it stands on."""
_SCOPE = scope_key("archive", MANIFEST)


class DockerArchive:
    """The archive in the file `path`, plain or compressed."""

    def __init__(self, path: str, rename: Callable[[str], str] = str) -> None:
        """`rename`: the name that a repository is filed under. Raises SourceUnavailableError."""
        open_stream(path, Limits()).close()
        self._path = os.path.realpath(path)
        self._rename = rename
        self.identity = Identity(
            "docker-archive", f"docker-archive:{quote(self._path, 4096)}", identity_of_file(self._path)
        )

    def scan(self, context: ScanContext) -> Iterator[Group]:
        """As `Source.scan`. Raises LayoutError where the tar or its manifest.json cannot be read."""
        limits = context.limits
        with TarRoot(self._path, limits) as tar:
            saved = read_saved(tar, limits, self._rename)
            if tar.broken is not None:
                yield [problem(_SCOPE, self._path, MalformedError(tar.broken))]
            yield from batches((problem(_SCOPE, *wrong) for wrong in saved.problems), ROWS)
            blobs = Blobs(tar, _SCOPE) if _is_layout(tar) else None

            def where(digest: str) -> str:
                return saved.images[digest].config if digest in saved.images else blob_path(digest)

            def fetch(wanted: Wanted) -> bytes:
                if blobs is not None and wanted.digest in blobs.refused:
                    raise MissingError("is no file, as another row says")
                return tar.read(where(wanted.digest), limits.document_bytes)

            walk = Walk(context, _SCOPE, fetch, where)
            if blobs is not None:
                yield from blobs.rows(context)
                yield from self._manifests(tar, walk, context)
            yield from _images(saved, walk, context)
            yield from _layers(tar, saved, context)
            for tags in batches(saved.tags.items(), ROWS):
                yield [
                    Tag(
                        _SCOPE,
                        context.keys.repository(repository),
                        tag,
                        None if image_id is None else context.keys.blob(image_id),
                        "image",
                        None,
                    )
                    for (repository, tag), image_id in tags
                ]
            unlisted = tar.broken or (None if blobs is None else blobs.unlisted)
            yield [
                ScanScope(
                    _SCOPE,
                    "archive",
                    MANIFEST,
                    "complete" if unlisted is None else "partial",
                    unlisted,
                    closure=blobs is not None,
                    listing=None if blobs is None else blobs.listing(),
                    unchanged=blobs is not None and blobs.unchanged,
                )
            ]

    def plan(self, context: ScanContext) -> dict[str, int]:
        """As `Source.plan`."""
        with TarRoot(self._path, context.limits) as tar:
            saved = read_saved(tar, Limits(), self._rename)
            layers = {tar.resolve(layer) for image in saved.images.values() for layer in image.layers}
        return {"images": len(saved.images), "tags": len(saved.tags), "layers": len(layers)}

    def _manifests(self, tar: TarRoot, walk: Walk, context: ScanContext) -> Iterator[Group]:
        """What the layout within it lists. Its names are docker's here, so they are completed as docker does."""
        keys = context.keys
        listing = read_listing(tar, context.limits, lambda name: self._rename(_completed(name)))
        yield from batches((problem(_SCOPE, locator, error) for locator, error in listing.problems), ROWS)
        for places in batches(listing.places, ROWS):
            yield [SourceManifest(_SCOPE, keys.repository(name), keys.blob(digest)) for name, digest in places]
        yield from walk.read(Wanted(digest, "manifest", said.media_type) for digest, said in listing.manifests.items())


def _is_layout(tar: TarRoot) -> bool:
    return tar.kind(MARKER) == tar.kind(INDEX) == "file" and tar.kind("blobs") == "folder"


def _completed(name: str) -> str:
    try:
        return parse_reference(name).repository
    except InvalidReferenceError:
        return name


def _images(saved: Saved, walk: Walk, context: ScanContext) -> Iterator[Group]:
    keys = context.keys
    yield from walk.read(Wanted(image_id, "config") for image_id in saved.images)
    images = [image for image in saved.images.values() if image.image_id not in walk.failed]
    for batch in batches(images, ROWS):
        yield [
            SourceImage(
                _SCOPE,
                keys.blob(image.image_id),
                image.image_id,
                True,
                None if image.parent is None else keys.blob(image.parent),
                None,
            )
            for image in batch
        ]


def _layers(tar: TarRoot, saved: Saved, context: ScanContext) -> Iterator[Group]:
    """A row a stack of layers, once; a problem a layer file that is not there."""
    told: set[str] = set()
    missing: set[str] = set()
    for image in saved.images.values():
        rows: list[Record] = []
        below: str | None = None
        for depth, chain_id in enumerate(chain_ids(image.diff_ids), start=1):
            diff_id = image.diff_ids[depth - 1]
            if chain_id not in told:
                told.add(chain_id)
                chain_key = context.keys.chain(chain_id, below, diff_id, depth)
                path = image.layers[depth - 1]
                try:
                    rows.append(_layer(tar, chain_key, path))
                except ContentError as error:
                    if path not in missing:
                        missing.add(path)
                        rows.append(problem(_SCOPE, path, error, diff_id))
            below = chain_id
        if rows:
            yield rows


def _layer(tar: TarRoot, chain_key: Key, path: str) -> SourceLayer:
    found = tar.resolve(path)
    size: int | None = tar.size(found)
    if compression_of(tar.start(found)) is not None:
        size = None  # the tar within is of another size, and is not expanded to learn it
    return SourceLayer(_SCOPE, STORE, chain_key, found, size, "uncompressed")
