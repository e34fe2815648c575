"""A layout's index.json: which manifests it lists, and under which names.

The file as a whole must be readable, else nothing is known about the layout. Each descriptor is taken by itself: one
that is broken is one problem, and the others stand. Nothing here reads a manifest.

https://github.com/opencontainers/image-spec/blob/main/image-layout.md#indexjson-file

    {"schemaVersion": 2, "manifests": [{"digest": "sha256:…", "size": 1062, "mediaType": "…",
                                        "annotations": {"org.opencontainers.image.ref.name": "web:1.2"}}]}
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from imgindex.errors import ContentError, LayoutError, MalformedError, quote
from imgindex.limits import Limits
from imgindex.oci.digest import parse_digest
from imgindex.oci.repair import is_utf8, repair
from imgindex.sources.base import check_name
from imgindex.sources.oci_layout.names import answers_to, ref_of, split_ref
from imgindex.sources.tree import Tree

INDEX = "index.json"
MARKER = "oci-layout"


class DuplicateRefError(ContentError):
    """One name for two manifests, so that it depends on the reader which one it means."""

    kind = "duplicate_ref"


class Described(NamedTuple):
    """What a descriptor of index.json says of a manifest."""

    media_type: str | None
    size: int | None


@dataclass(slots=True)
class Listing:
    """What index.json says."""

    manifests: dict[str, Described] = field(default_factory=dict)
    """By digest, what the first descriptor says of it."""
    places: dict[tuple[str, str], None] = field(default_factory=dict)
    """Each (repository, digest) once."""
    tags: dict[tuple[str, str], str] = field(default_factory=dict)
    """By (repository, tag), the digest."""
    problems: list[tuple[str, ContentError]] = field(default_factory=list)
    """(locator, what is wrong)"""


class _Marker(msgspec.Struct):
    version: str = msgspec.field(name="imageLayoutVersion")


class _Index(msgspec.Struct):
    manifests: list[msgspec.Raw] | None


class _Descriptor(msgspec.Struct):
    digest: str
    media_type: str | None = msgspec.field(name="mediaType", default=None)
    size: int | None = None
    annotations: dict[str, str | None] | None = None


def check_marker(root: Tree, limits: Limits) -> ContentError | None:
    """What is wrong with the `oci-layout` file, if anything. Raises LayoutError for a version other than 1."""
    try:
        data = root.read(MARKER, limits.small_file_bytes)
        version = msgspec.json.decode(data, type=_Marker).version
    except ContentError as error:
        return error
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        return MalformedError(f"is no layout marker: {quote(error)}")
    if version.partition(".")[0] != "1":
        raise LayoutError(f"image layout version {quote(version)} is not one that can be read; 1.x is")
    return None


def read_listing(root: Tree, limits: Limits, rename: Callable[[str], str] = str, ref: str | None = None) -> Listing:
    """What index.json lists; with `ref`, only what goes by this name.

    `rename`: the name that a repository is filed under. Raises LayoutError if it cannot be read.
    """
    try:
        data = root.read(INDEX, limits.listing_bytes)
        if b"\\u0000" in data or not is_utf8(data):
            data = repair(data)
        raw = msgspec.json.decode(data, type=_Index).manifests or []
    except ContentError as error:
        raise LayoutError(f"cannot read {INDEX} of {quote(root.path)}: {error}") from error
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise LayoutError(f"{INDEX} of {quote(root.path)} is no image index: {quote(error)}") from error
    listing = Listing()
    decode = msgspec.json.Decoder(_Descriptor).decode
    for position, descriptor in enumerate(raw):
        try:
            try:
                read = decode(descriptor)
            except msgspec.DecodeError:
                read = decode(repair(bytes(descriptor)))
            if ref is None or answers_to(read.annotations or {}, ref):
                _add(listing, read, limits, rename)
        except ContentError as error:
            listing.problems.append((f"{INDEX}: manifests[{position}]", error))
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            wrong = MalformedError(f"is no descriptor: {quote(error)}")
            listing.problems.append((f"{INDEX}: manifests[{position}]", wrong))
    _name_once(listing)
    return listing


def _name_once(listing: Listing) -> None:
    """A manifest that some descriptor names is no nameless one as well, though another descriptor lost its name."""
    bare = {digest for (repository, _), digest in listing.tags.items() if not repository}
    named = {digest for repository, digest in listing.places if repository}
    for digest in named - bare:
        listing.places.pop(("", digest), None)


def _add(listing: Listing, descriptor: _Descriptor, limits: Limits, rename: Callable[[str], str]) -> None:
    digest = parse_digest(descriptor.digest)
    if digest not in listing.manifests:
        listing.manifests[digest] = Described(descriptor.media_type, descriptor.size)
    name = ref_of(descriptor.annotations or {})
    try:
        repository, tag = ("", None) if name is None else split_ref(check_name(name, limits))
    except ContentError:
        listing.places["", digest] = None
        raise
    repository = rename(repository)
    listing.places[repository, digest] = None
    if tag is None:
        return
    before = listing.tags.get((repository, tag))
    listing.tags[repository, tag] = digest
    if before is not None and before != digest:
        raise DuplicateRefError(f"the name {quote(name)} was given to {before} before; this one counts")
