"""Opens `registry-root:DIR` and `registry-root:s3://BUCKET[/PREFIX]`."""

from __future__ import annotations

from pathlib import Path

from imgindex.errors import LayoutError, UnknownSourceError, quote
from imgindex.oci.reference import normalize_registry
from imgindex.sources.base import Source
from imgindex.sources.files import Root
from imgindex.sources.kinds import OpenOptions
from imgindex.sources.registry_root.folder import FolderStorage, find_top
from imgindex.sources.registry_root.s3 import SCHEME, S3Storage
from imgindex.sources.registry_root.source import DEFAULT_REGISTRY, RegistryRoot
from imgindex.sources.registry_root.tree import Storage


def open_address(address: str, options: OpenOptions) -> Source:
    registry = DEFAULT_REGISTRY if options.registry is None else normalize_registry(options.registry)
    return RegistryRoot(_storage(address), registry)


def _storage(address: str) -> Storage:
    if address.startswith(SCHEME):
        return S3Storage(address)
    scheme, separator, _ = address.partition("://")
    if separator:
        raise UnknownSourceError(
            f"{quote(scheme)}:// is no storage that this version reads: give a folder, or s3://bucket/prefix"
        )
    with Root(address) as root:
        top = find_top(root)
    if top is None:
        raise LayoutError(f"{quote(address)} holds neither docker/registry/v2 nor blobs and repositories")
    return FolderStorage(str(Path(address, top)))
