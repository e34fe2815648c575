"""The kinds of source that there are, and what each is called: names follow containers-transports(5) where it has one.

A kind lives in a folder of its own, whose module `open` turns an address into a source:

    def open_address(address: str, options: OpenOptions) -> Source

https://github.com/containers/image/blob/main/docs/containers-transports.5.md
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from imgindex.sources.registry_api.http.options import FetchOptions


class SourceKind(NamedTuple):
    """A kind of source."""

    name: str
    address: str
    """What follows the colon, for help texts."""
    reads: str
    folder: str
    """The package below `sources` that reads it."""
    needs_address: bool = True
    fetches: bool = False
    """It asks a server: options about requests are for it."""


class OpenOptions(NamedTuple):
    """What a user says of a source beside its address."""

    registry: str | None = None
    """Host that the repositories of a registry's storage are filed under; None = `local`."""
    rename: Callable[[str], str] = str
    """From a repository's full name to the one that it is filed under: `--registry HOST=ALIAS`."""
    fetch: FetchOptions | None = None
    """How a registry is asked; None = as is usual."""


SOURCE_KINDS = [
    SourceKind("docker-root", "DIR", "the data root of a Docker engine, such as /var/lib/docker", "docker_root"),
    SourceKind("containerd-root", "DIR", "the root of containerd, such as /var/lib/containerd", "containerd_root"),
    SourceKind(
        "containers-storage",
        "[DIR]",
        "the store of podman, buildah, skopeo and CRI-O; without DIR, the one that storage.conf names",
        "containers_storage",
        needs_address=False,
    ),
    SourceKind("oci", "DIR[:ref]", "an OCI image layout", "oci_layout"),
    SourceKind("oci-archive", "FILE[:ref]", "an OCI image layout in a tar", "oci_archive"),
    SourceKind("docker-archive", "FILE", "what docker save writes", "docker_archive"),
    SourceKind("dir", "DIR", "an image in a folder, as skopeo's dir: writes it", "skopeo_dir"),
    SourceKind(
        "registry-root", "DIR | s3://BUCKET[/PREFIX]", "the storage of a distribution registry", "registry_root"
    ),
    SourceKind(
        "docker-daemon",
        "[SOCKET]",
        "a Docker engine, or podman's service, over its socket",
        "docker_daemon",
        needs_address=False,
    ),
    SourceKind("docker", "//HOST[/REPO-GLOB][:TAG-GLOB]", "a registry over its API", "registry_api", fetches=True),
]


def split_ref(address: str) -> tuple[str, str | None]:
    """`PATH[:ref]`: both may hold colons, so the shortest path that exists is meant."""
    if Path(address).exists():
        return address, None
    for colon in re.finditer(":", address):
        path, ref = address[: colon.start()], address[colon.end() :]
        if ref and Path(path).exists():
            return path, ref
    return address, None
