"""The least that reading a store can cost: each document that its listing reaches is opened, read, hashed and decoded.

Each document once, with nothing kept, checked or written. What is reached is what imgindex reads: of a layout, what
index.json names and all under that; of a registry's storage, the revisions of every repository and their configs. A
registry's links are not read, and no folder of blobs is listed.

    python benchmarks/floor.py STORE
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW


class Descriptor(msgspec.Struct):
    digest: str
    media_type: str | None = msgspec.field(name="mediaType", default=None)
    size: int | None = None


class Manifest(msgspec.Struct):
    """A manifest or an index: what it names."""

    config: Descriptor | None = None
    layers: list[Descriptor] | None = None
    manifests: list[Descriptor] | None = None
    subject: Descriptor | None = None


class History(msgspec.Struct):
    created: str | None = None
    created_by: str | None = None
    comment: str | None = None
    empty_layer: bool = False


class RootFs(msgspec.Struct):
    diff_ids: list[str] | None = None


class Run(msgspec.Struct, rename="pascal"):
    env: list[str] | None = None
    labels: dict[str, str] | None = None
    entrypoint: Any = None
    cmd: Any = None


class Config(msgspec.Struct):
    os: str | None = None
    architecture: str | None = None
    created: str | None = None
    config: Run | None = None
    rootfs: RootFs | None = None
    history: list[History] | None = None


class Floor(NamedTuple):
    """What was read."""

    documents: int
    bytes: int


def is_registry(store: str) -> bool:
    """Whether the folder is a registry's storage; else it is a layout."""
    return os.path.isdir(f"{store}/docker/registry/v2")


def read_store(store: str) -> Floor:
    """Read every document that the store's listing reaches."""
    if is_registry(store):
        top = f"{store}/docker/registry/v2"
        listed = _revisions(f"{top}/repositories")
        return _read(listed, lambda encoded: f"{top}/blobs/sha256/{encoded[:2]}/{encoded}/data", follow=False)
    with open(f"{store}/index.json", "rb") as file:
        index = msgspec.json.decode(file.read(), type=Manifest)
    listed = (item.digest for item in index.manifests or ())
    return _read(listed, lambda encoded: f"{store}/blobs/sha256/{encoded}", follow=True)


def _revisions(folder: str) -> Iterator[str]:
    for path, folders, _ in os.walk(folder):
        if path.endswith("_manifests/revisions/sha256"):
            yield from (f"sha256:{name}" for name in folders)
        folders[:] = sorted(name for name in folders if name not in ("_layers", "_uploads", "tags") and len(name) < 64)


def _read(listed: Iterator[str], path_of: Callable[[str], str], follow: bool) -> Floor:
    """`follow`: read what indexes and subjects name, too. A registry links to all of its manifests."""
    as_manifest, as_config = msgspec.json.Decoder(Manifest).decode, msgspec.json.Decoder(Config).decode
    seen: set[str] = set()
    ahead = [(digest, False) for digest in listed]
    documents = total = 0
    while ahead:
        digest, is_config = ahead.pop()
        if digest in seen:
            continue
        seen.add(digest)
        encoded = digest[7:]
        try:
            file = os.open(path_of(encoded), _FLAGS)
        except FileNotFoundError:
            continue
        data = os.read(file, os.fstat(file).st_size)
        os.close(file)
        assert hashlib.sha256(data).hexdigest() == encoded
        documents += 1
        total += len(data)
        if is_config:
            as_config(data)
            continue
        manifest = as_manifest(data)
        if follow:
            ahead += [(child.digest, False) for child in manifest.manifests or ()]
            if manifest.subject is not None:
                ahead.append((manifest.subject.digest, False))
        if manifest.config is not None and _is_image(manifest):
            ahead.append((manifest.config.digest, True))
    return Floor(documents, total)


def _is_image(manifest: Manifest) -> bool:
    """Whether the config is an image's: imgindex reads no config of an artifact."""
    named = [manifest.config, *(manifest.layers or ())]
    return all(item is not None and ".image." in (item.media_type or "") for item in named)


if __name__ == "__main__":
    found = read_store(sys.argv[1])
    print(f"{found.documents} documents, {found.bytes} bytes")
