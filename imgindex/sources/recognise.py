"""The kind of a store at a path, by what lies in it. Nothing is guessed: a path that holds no known store is an error
that says what was looked for.
"""

from __future__ import annotations

from pathlib import Path

from imgindex.errors import ContentError, LayoutError, UnknownSourceError, quote
from imgindex.limits import Limits
from imgindex.sources.files import Root
from imgindex.sources.kinds import SOURCE_KINDS
from imgindex.sources.tar.root import TarRoot

_SIGNS = (
    "oci-layout and index.json; docker/registry/v2, or blobs and repositories; image/<driver>/imagedb, or "
    "image/<driver>/repositories.json; io.containerd.metadata.v1.bolt; <driver>-images; version and manifest.json"
)
_CONTAINERD = "io.containerd.metadata.v1.bolt"
_LOOK_INSIDE = 200
"""Folders inside a folder that is no store that are looked at, for a hint."""


def recognise(path: str) -> str:
    """The kind of the store at a path. Raises UnknownSourceError."""
    if not Path(path).is_dir():
        return _archive(path)
    with Root(path) as root:
        kind = _kind_of(root, "")
        if any(kind == known.name for known in SOURCE_KINDS) and kind is not None:
            return kind
        if kind is not None:
            raise UnknownSourceError(f"{quote(path)} looks like {kind}, which cannot be read by this version")
        inside = [entry.name for entry in root.listing()[:_LOOK_INSIDE] if _kind_of(root, f"{entry.name}/")]
    hint = f"; there is one in {quote(inside[0])} inside it" if inside else ""
    raise UnknownSourceError(f"{quote(path)} holds no known store{hint}. Looked for: {_SIGNS}")


def _archive(path: str) -> str:
    """The kind of an archive. What `docker save` writes may be a layout as well, whose names alone are not all."""
    try:
        with TarRoot(path, Limits()) as tar:
            if tar.kind("manifest.json") or tar.kind("repositories"):
                return "docker-archive"
            if tar.kind("index.json"):
                return "oci-archive"
    except LayoutError as error:
        raise UnknownSourceError(str(error)) from error
    raise UnknownSourceError(f"{quote(path)} is a tar with neither manifest.json nor index.json: no archive of images")


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
    if folder(_CONTAINERD):
        return "containerd-root"
    if folder("containers") and folder(f"containerd/daemon/{_CONTAINERD}"):
        return "docker-root"
    if any(folder(f"{driver}-images") for driver in ("overlay", "vfs", "btrfs", "zfs")):
        return "containers-storage"
    if file("version") and file("manifest.json"):
        return "dir"
    return None


def _names(root: Root, path: str) -> list[str]:
    try:
        return [entry.name for entry in root.listing(path) if entry.kind == "folder"]
    except ContentError:
        return []
