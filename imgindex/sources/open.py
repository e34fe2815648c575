"""From what a user writes to the source that is meant: `kind:address`, or a path that is recognised by what lies in it.

The modules of a kind are imported when a source of that kind is opened, and not before. Nothing is guessed: a path that
holds no known store is an error that says what was looked for.

https://github.com/containers/image/blob/main/docs/containers-transports.5.md

    open_source("oci:layout:web:1.2")
    open_source("registry-root:/var/lib/registry", registry="registry.example")
    open_source("/var/lib/docker")
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from imgindex.errors import ContentError, LayoutError, SourceUnavailableError, UnknownSourceError, quote
from imgindex.oci.reference import normalize_registry
from imgindex.sources.base import Source
from imgindex.sources.files import Root


class SourceKind(NamedTuple):
    """A kind of source, for help texts. `readable`: this version can read it."""

    name: str
    address: str
    reads: str
    readable: bool = True


SOURCE_KINDS = [
    SourceKind("docker-root", "DIR", "the data root of a Docker engine, such as /var/lib/docker"),
    SourceKind("oci", "DIR[:ref]", "an OCI image layout"),
    SourceKind("registry-root", "DIR", "the storage folder of a distribution registry"),
    SourceKind("containers-storage", "[DIR]", "images of podman, buildah, skopeo and cri-o", readable=False),
    SourceKind("containerd-root", "DIR", "the root folder of containerd", readable=False),
    SourceKind("oci-archive", "FILE", "an OCI image layout in a tar", readable=False),
    SourceKind("docker-archive", "FILE", "what docker save writes", readable=False),
    SourceKind("dir", "DIR", "an image in a folder, as skopeo writes it", readable=False),
    SourceKind("docker", "//HOST", "a registry, over HTTP", readable=False),
    SourceKind("docker-daemon", "[SOCKET]", "a Docker engine, over its socket", readable=False),
]

_SIGNS = (
    "oci-layout and index.json; docker/registry/v2, or blobs and repositories; image/<driver>/imagedb, or "
    "image/<driver>/repositories.json"
)
_LOOK_INSIDE = 200
"""Folders inside a folder that is no store that are looked at, for a hint."""
_KIND = re.compile(r"[a-z0-9-]+:")


def open_source(text: str, *, registry: str | None = None, registry_aliases: Iterable[tuple[str, str]] = ()) -> Source:
    """The source that `text` names.

    Args:
        registry: Host that the repositories of a `registry-root` are filed under; `local` if not given.
        registry_aliases: Pairs of (host, alias): what a store keeps under the alias is filed under the host.

    Raises:
        UnknownSourceError: The kind is unknown or cannot be read yet, or the path holds no known store.
        SourceUnavailableError: There is nothing at the path, or it may not be read.
        LayoutError: The path holds no store of the kind that was named.
        InvalidReferenceError: `registry` is no host.
    """
    options = _Options(registry, _renaming(registry_aliases))
    kind, colon, address = text.partition(":")
    if colon and kind in _OPENERS:
        if not address:
            raise UnknownSourceError(f"{kind}: names no folder; write {kind}:DIR")
        return _OPENERS[kind](address, options)
    if any(kind == known.name for known in SOURCE_KINDS) and colon:
        raise UnknownSourceError(f"{kind} sources cannot be read by this version; it reads {_readable()}")
    if not os.path.lexists(text):
        if _KIND.match(text):
            raise UnknownSourceError(f"{quote(kind)} is no kind of source; this version reads {_readable()}")
        raise SourceUnavailableError(
            f"there is nothing at {quote(text)}; give the path of a store, or kind:address with one of {_readable()}"
        )
    return _OPENERS[_recognised(text)](text, options)


class _Options(NamedTuple):
    registry: str | None
    rename: Callable[[str], str]


def _open_oci(address: str, options: _Options) -> Source:
    from imgindex.sources.oci_layout.source import OciLayout

    path, ref = _split_ref(address)
    return OciLayout(path, ref, options.rename)


def _open_registry_root(address: str, options: _Options) -> Source:
    from imgindex.sources.registry_root.source import DEFAULT_REGISTRY, RegistryRoot
    from imgindex.sources.registry_root.tree import find_top

    if "://" in address:
        raise UnknownSourceError(f"{quote(address)}: this version reads registry storage from folders alone")
    with Root(address) as root:
        top = find_top(root)
    if top is None:
        raise LayoutError(f"{quote(address)} holds neither docker/registry/v2 nor blobs and repositories")
    registry = DEFAULT_REGISTRY if options.registry is None else normalize_registry(options.registry)
    return RegistryRoot(str(Path(address, top)), registry)


def _open_docker_root(address: str, options: _Options) -> Source:
    from imgindex.sources.docker_root.source import DockerRoot

    return DockerRoot(address, options.rename)


_OPENERS: dict[str, Callable[[str, _Options], Source]] = {
    "docker-root": _open_docker_root,
    "oci": _open_oci,
    "registry-root": _open_registry_root,
}


def _split_ref(address: str) -> tuple[str, str | None]:
    """`DIR[:ref]`: both may hold colons, so the shortest DIR that exists is meant."""
    if Path(address).is_dir():
        return address, None
    for colon in re.finditer(":", address):
        path, ref = address[: colon.start()], address[colon.end() :]
        if ref and Path(path).is_dir():
            return path, ref
    return address, None


def _recognised(path: str) -> str:
    """The kind of the store at a path. Raises UnknownSourceError."""
    if not Path(path).is_dir():
        raise UnknownSourceError(f"{quote(path)} is no folder; this version reads stores in folders alone")
    with Root(path) as root:
        kind = _kind_of(root, "")
        if kind in _OPENERS:
            return kind
        if kind is not None:
            raise UnknownSourceError(f"{quote(path)} looks like {kind}, which cannot be read by this version")
        inside = [entry.name for entry in root.listing()[:_LOOK_INSIDE] if _kind_of(root, f"{entry.name}/")]
    hint = f"; there is one in {quote(inside[0])} inside it" if inside else ""
    raise UnknownSourceError(f"{quote(path)} holds no known store{hint}. Looked for: {_SIGNS}")


def _kind_of(root: Root, above: str) -> str | None:
    """The kind of store in a folder, by what lies in it. `above`: its path with a slash, or nothing for the root."""

    def folder(path: str) -> bool:
        return root.kind(above + path) == "folder"

    def file(path: str) -> bool:
        return root.kind(above + path) == "file"

    if file("oci-layout") and file("index.json"):
        return "oci"
    if folder("docker/registry/v2") or folder("registry/v2") or (folder("blobs") and folder("repositories")):
        return "registry-root"
    for driver in _names(root, f"{above}image"):
        if folder(f"image/{driver}/imagedb") or file(f"image/{driver}/repositories.json"):
            return "docker-root"
    if folder("io.containerd.metadata.v1.bolt"):
        return "containerd-root"
    if any(folder(f"{driver}-images") for driver in ("overlay", "vfs", "btrfs", "zfs")):
        return "containers-storage"
    return None


def _names(root: Root, path: str) -> list[str]:
    try:
        return [entry.name for entry in root.listing(path) if entry.kind == "folder"]
    except ContentError:
        return []


def _renaming(aliases: Iterable[tuple[str, str]]) -> Callable[[str], str]:
    """What a repository is filed under: its name, with an alias of a host replaced by the host."""
    hosts = {normalize_registry(alias): normalize_registry(host) for host, alias in aliases}

    def rename(name: str) -> str:
        registry, slash, path = name.partition("/")
        return f"{hosts[registry]}/{path}" if slash and registry in hosts else name

    return rename


def _readable() -> str:
    return ", ".join(f"{kind.name}:{kind.address}" for kind in SOURCE_KINDS if kind.readable)
