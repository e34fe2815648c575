"""An image's big data: its manifests, its config and whatever else its maker kept, one file each.

Files are looked at, not opened: each must be there, with the size that images.json says. What is there counts as the
image's own bytes, every file once, as podman counts them: a manifest that is kept under two names is kept twice.

https://github.com/containers/storage/blob/main/images.go (makeBigDataBaseName)

    overlay-images/d143ddb9…/manifest
                             =bWFuaWZlc3Qtc2hhMjU2OmFiZDI4ODA2…    manifest-sha256:abd28806…
                             =c2hhMjU2OmQxNDNkZGI5…                sha256:d143ddb9…, the config
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import NamedTuple

from imgindex.errors import ContentError, LimitExceededError, MalformedError, MissingError, SizeMismatchError, quote
from imgindex.limits import Limits
from imgindex.oci.digest import parse_digest
from imgindex.sources.containers_storage.lists import ImageEntry, Place
from imgindex.sources.files import Entry, check_file

GREATEST = 2**63 - 1
MANIFEST = "manifest"
"""The image's main manifest; further ones are called `manifest-<digest>`."""
_PLAIN = frozenset(".0123456789abcdefghijklmnopqrstuvwxyz")


class Document(NamedTuple):
    """A manifest or config that an image keeps."""

    digest: str
    path: str


class BigData(NamedTuple):
    """What an image keeps."""

    own_bytes: int
    config_digest: str | None
    """None for what has no config: a list of images, an image of manifest schema 1."""
    manifests: dict[str, None]
    """Digests of its manifests, the main one first."""
    documents: list[Document]
    """Manifests and config, as far as their files are sound; one that is kept twice comes twice."""
    problems: list[tuple[str, ContentError, str | None]]
    """(path, what is wrong, digest if it is a document)"""
    is_gone: bool
    """There is no folder of it at all."""


def file_name(key: str) -> str:
    """The name of the file that keeps what is called `key`.

    The last character is not looked at, since containers/storage does not look at it either.
    """
    if all(character in _PLAIN for character in key[:-1]):
        return key
    return "=" + b64encode(key.encode("utf-8", "surrogatepass")).decode()


def look(place: Place, entry: ImageEntry, limits: Limits) -> BigData:
    """What an image keeps. Raises ContentError where its entry makes no sense."""
    names = list(dict.fromkeys(entry.big_data_names or ()))
    if len(names) > limits.map_entries:
        raise LimitExceededError(f"{len(names)} pieces of big data, and {limits.map_entries} are the limit")
    sizes = _declared_sizes(entry, names)
    digests = dict(_document_digests(entry, names))
    folder = f"{place.folder('images')}/{entry.id}"
    documents: list[Document] = []
    problems: list[tuple[str, ContentError, str | None]] = []
    is_gone = False
    try:
        files = {file.name: file for file in place.root.listing(folder, sizes=True)}
    except ContentError as error:
        is_gone = isinstance(error, MissingError)
        if names:
            problems.append((folder, error, None))
    else:
        for name in names:
            path = f"{folder}/{file_name(name)}"
            try:
                sizes[name] = _held_size(files.get(file_name(name)), sizes[name])
                if name in digests:
                    documents.append(Document(digests[name], path))
            except ContentError as error:
                problems.append((path, error, digests.get(name)))
    total = sum(size or 0 for size in sizes.values())
    if total > GREATEST:
        raise LimitExceededError(f"says it has {total} bytes")
    return BigData(total, _config_of(entry, digests), _manifests(digests), documents, problems, is_gone)


def _held_size(file: Entry | None, declared: int | None) -> int:
    """The size of a file. Raises ContentError where it is not what images.json says."""
    if file is None:
        raise MissingError("does not exist")
    held = check_file(file)
    if declared is not None and held != declared:
        raise SizeMismatchError(f"images.json says {declared} bytes, but it has {held}")
    return held


def _declared_sizes(entry: ImageEntry, names: list[str]) -> dict[str, int | None]:
    """By name, the size that images.json says, None where it does not."""
    declared = entry.big_data_sizes or {}
    sizes = {name: declared.get(name) for name in names}
    for name, size in sizes.items():
        if size is not None and not 0 <= size <= GREATEST:
            raise MalformedError(f"says that {quote(name)} has {size} bytes")
    return sizes


def _document_digests(entry: ImageEntry, names: list[str]) -> Iterator[tuple[str, str]]:
    """(name, digest) of the documents: manifests, and what is called by a digest."""
    digests = entry.big_data_digests or {}
    for name in names:
        if name == MANIFEST or name.startswith(f"{MANIFEST}-"):
            digest = digests.get(name) or name.partition("-")[2] or entry.digest
            if digest is not None:
                yield name, parse_digest(digest)
        elif _is_digest(name):
            yield name, name


def _manifests(digests: dict[str, str]) -> dict[str, None]:
    manifests = {name: digest for name, digest in digests.items() if name.startswith(MANIFEST)}
    return dict.fromkeys(manifests[name] for name in sorted(manifests, key=lambda name: name != MANIFEST))


def _config_of(entry: ImageEntry, digests: dict[str, str]) -> str | None:
    """The config is called by its digest, which is the image's ID as well where layers are told by diff IDs."""
    usual = f"sha256:{entry.id}"
    if usual in digests:
        return usual
    configs = [name for name in digests if not name.startswith(MANIFEST)]
    return configs[0] if len(configs) == 1 else None


def _is_digest(name: str) -> bool:
    try:
        return bool(parse_digest(name))
    except ContentError:
        return False
