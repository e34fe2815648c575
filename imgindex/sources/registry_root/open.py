"""Opens `registry-root:DIR`."""

from __future__ import annotations

from pathlib import Path

from imgindex.errors import LayoutError, UnknownSourceError, quote
from imgindex.oci.reference import normalize_registry
from imgindex.sources.base import Source
from imgindex.sources.files import Root
from imgindex.sources.kinds import OpenOptions
from imgindex.sources.registry_root.source import DEFAULT_REGISTRY, RegistryRoot
from imgindex.sources.registry_root.tree import find_top


def open_address(address: str, options: OpenOptions) -> Source:
    if "://" in address:
        raise UnknownSourceError(f"{quote(address)}: this version reads registry storage from folders alone")
    with Root(address) as root:
        top = find_top(root)
    if top is None:
        raise LayoutError(f"{quote(address)} holds neither docker/registry/v2 nor blobs and repositories")
    registry = DEFAULT_REGISTRY if options.registry is None else normalize_registry(options.registry)
    return RegistryRoot(str(Path(address, top)), registry)
