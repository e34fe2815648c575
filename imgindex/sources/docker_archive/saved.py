"""What an archive's manifest.json says: which images were saved, under which names, and where their parts lie.

An image's ID is the SHA-256 of its config's bytes, whatever the file is called; a file that is called after another
digest is refused. Layer files belong to the config's diff IDs by their order. Before Docker 1.10 there was no
manifest.json, only `repositories`, whose images have no digest: their names are told, and that they lead nowhere.

https://github.com/moby/docker-image-spec/blob/main/spec/v1.2.md#combined-image-json--filesystem-changeset-format

    [{"Config": "06c08b4c….json", "RepoTags": ["lab/web:1"], "Layers": ["5d93917f…/layer.tar"],
      "Parent": "sha256:dd81a4b8…"}]
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from imgindex.errors import ContentError, InvalidReferenceError, LayoutError, MalformedError, MissingError, quote
from imgindex.limits import Limits
from imgindex.oci.config import read_config
from imgindex.oci.digest import digest_of, parse_digest, verify
from imgindex.oci.reference import parse_reference
from imgindex.oci.repair import repair
from imgindex.sources.base import check_name
from imgindex.sources.tar.root import TarRoot

MANIFEST = "manifest.json"
REPOSITORIES = "repositories"
_NAMED = re.compile(r"(?:blobs/sha256/([0-9a-f]{64})|([0-9a-f]{64})\.json)")


class UnsupportedImageError(ContentError):
    """Images that were saved without a config, and so have no ID."""

    kind = "unsupported_store"


class _Item(msgspec.Struct, rename="pascal"):
    config: str
    repo_tags: list[str] | None = None
    layers: list[str] | None = None
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class SavedImage:
    """An image whose config could be read."""

    image_id: str
    config: str
    """The member that holds the config."""
    diff_ids: list[str]
    layers: list[str]
    """The members that hold the layers, from the base up."""
    parent: str | None


@dataclass(slots=True)
class Saved:
    """What an archive holds."""

    images: dict[str, SavedImage] = field(default_factory=dict)
    """By image ID."""
    tags: dict[tuple[str, str], str | None] = field(default_factory=dict)
    """By (repository, tag), the image ID; None where it is not known."""
    problems: list[tuple[str, ContentError, str | None]] = field(default_factory=list)
    """(locator, what is wrong, image ID if it is known)"""


def read_items(tar: TarRoot, limits: Limits) -> list[msgspec.Raw]:
    """The items of manifest.json, undecoded. Raises LayoutError if it cannot be read, MissingError if there is none."""
    try:
        return msgspec.json.decode(tar.read(MANIFEST, limits.listing_bytes), type=list[msgspec.Raw])
    except MissingError:
        raise
    except ContentError as error:
        raise LayoutError(f"cannot read {MANIFEST} of {quote(tar.path)}: {error}") from error
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise LayoutError(f"{MANIFEST} of {quote(tar.path)} is no list of images: {quote(error)}") from error


def read_saved(tar: TarRoot, limits: Limits, rename: Callable[[str], str]) -> Saved:
    """What the archive says. `rename`: the name that a repository is filed under. Raises LayoutError."""
    saved = Saved()
    try:
        items = read_items(tar, limits)
    except MissingError:
        _read_repositories(tar, saved, limits, rename)
        return saved
    for position, raw in enumerate(items):
        locator = f"{MANIFEST}: [{position}]"
        try:
            item = msgspec.json.decode(repair(bytes(raw)), type=_Item)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            saved.problems.append((locator, MalformedError(f"is no image: {quote(error)}"), None))
            continue
        image_id = _named_digest(item.config)
        try:
            image = _read_image(tar, item, limits)
            image_id = image.image_id
            saved.images.setdefault(image_id, image)
        except ContentError as error:
            saved.problems.append((item.config, error, image_id))
        for name in item.repo_tags or []:
            _add_tag(saved, f"{locator}: {name}", name, image_id, limits, rename)
    return saved


def _read_image(tar: TarRoot, item: _Item, limits: Limits) -> SavedImage:
    config = tar.resolve(item.config)
    data = tar.read(config, limits.document_bytes)
    named = _named_digest(item.config)
    if named is not None:
        verify(data, named)
    _, diff_ids, _ = read_config(data)
    layers = item.layers or []
    if len(layers) != len(diff_ids):
        raise MalformedError(f"{MANIFEST} gives it {len(layers)} layers, and its config has {len(diff_ids)}")
    parent = None if not item.parent else parse_digest(item.parent)
    return SavedImage(digest_of(data), config, diff_ids, layers, parent)


def _named_digest(config: str) -> str | None:
    """The digest that a config's file is called after; None if it is called otherwise."""
    match = _NAMED.fullmatch(config)
    return None if match is None else f"sha256:{match[1] or match[2]}"


def _read_repositories(tar: TarRoot, saved: Saved, limits: Limits, rename: Callable[[str], str]) -> None:
    try:
        data = tar.read(REPOSITORIES, limits.listing_bytes)
        found: dict[str, Any] = msgspec.json.decode(repair(data), type=dict[str, Any])
    except ContentError as error:
        raise LayoutError(f"{quote(tar.path)} holds neither {MANIFEST} nor {REPOSITORIES}: {error}") from error
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise LayoutError(f"{REPOSITORIES} of {quote(tar.path)} is no list of names: {quote(error)}") from error
    for repository, tags in found.items():
        for tag in tags if isinstance(tags, dict) else ():
            _add_tag(saved, f"{REPOSITORIES}: {repository}:{tag}", f"{repository}:{tag}", None, limits, rename)
    detail = f"was saved before Docker 1.10, without {MANIFEST}: its images have no ID; load and save them anew"
    saved.problems.append((REPOSITORIES, UnsupportedImageError(detail), None))


def _add_tag(
    saved: Saved, locator: str, name: str, image_id: str | None, limits: Limits, rename: Callable[[str], str]
) -> None:
    try:
        try:
            reference = parse_reference(name)
        except InvalidReferenceError as error:
            raise MalformedError(str(error)) from error
        if reference.tag is None:
            raise MalformedError("has no tag")
        saved.tags[check_name(rename(reference.repository), limits), reference.tag] = image_id
    except ContentError as error:
        saved.problems.append((locator, error, image_id))
