"""Which stores this host has: the usual places are looked at, and what is there is told, readable or not.

Nothing is opened but the folders and configuration files in question, and nothing is guessed: a place counts if a store
is recognised in it. Where an engine's disk may not be read but its socket may be used, the socket is read instead.

    find_stores() -> [Place("docker-root:/var/lib/docker", None), Place("containerd-root:/var/lib/containerd", "…")]
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from imgindex.errors import ImgindexError, quote
from imgindex.sources.containers_storage.storage_conf import read_storage_conf
from imgindex.sources.recognise import recognise

DOCKER = "var/lib/docker"
_DOCKER_SETTINGS = "etc/docker/daemon.json"
_FOLDERS = (
    "var/lib/containerd",
    "var/lib/rancher/k3s/agent/containerd",
    "var/lib/rancher/rke2/agent/containerd",
    "var/lib/k0s/containerd",
    "var/snap/microk8s/common/var/lib/containerd",
    "var/lib/containers/storage",
    "var/lib/registry",
)
_ROOTLESS = (".local/share/containers/storage", ".local/share/docker", ".local/share/containerd")
"""In a user's home."""
_SOCKETS = {"docker-root": "var/run/docker.sock", "containers-storage": "run/podman/podman.sock"}


class Place(NamedTuple):
    """A store of this host."""

    spec: str
    """What to read it by: `kind:address`."""
    unreadable: str | None = None
    """Why it cannot be read, if so."""


def find_stores(top: str | os.PathLike[str] = "/") -> list[Place]:
    """The stores in the usual places below `top`, the host's root, and where storage.conf says this user's is."""
    root = Path(top)
    found: dict[str, Place] = {}
    for path in _candidates(root):
        real = os.path.realpath(path)
        if real not in found and (place := _look(path)) is not None:
            found[real] = place
    places = list(found.values())
    return [_by_socket(root, place) for place in places]


def _candidates(root: Path) -> Iterator[Path]:
    yield _docker_root(root)
    for folder in _FOLDERS:
        yield root / folder
    homes = [root / "root"]
    with suppress(OSError):
        homes += sorted((root / "home").iterdir())
    for home in homes:
        for folder in _ROOTLESS:
            yield home / folder
    if root == Path("/"):
        with suppress(ImgindexError):
            yield Path(read_storage_conf(os.environ, os.getuid()).root)


def _docker_root(root: Path) -> Path:
    """Where the engine keeps its data: `data-root` of daemon.json, else the usual place."""
    with suppress(OSError, ValueError, AttributeError, TypeError):
        settings = json.loads((root / _DOCKER_SETTINGS).read_bytes())
        if configured := settings.get("data-root") or settings.get("graph"):
            return root / str(configured).lstrip("/")
    return root / DOCKER


def _look(path: Path) -> Place | None:
    """What is there; None if there is nothing that could be read."""
    try:
        if not path.is_dir() or not any(path.iterdir()):
            return None
    except PermissionError:
        return Place(str(path), "you may not read it; try again as root")
    except OSError:
        return None
    try:
        return Place(f"{recognise(str(path))}:{path}")
    except ImgindexError as error:
        return Place(str(path), str(error))


def _by_socket(root: Path, place: Place) -> Place:
    """The engine's socket, where its disk may not be read."""
    if place.unreadable is None:
        return place
    for kind, path in _SOCKETS.items():
        is_engines = "docker" in place.spec if kind == "docker-root" else "containers/storage" in place.spec
        socket = root / path
        with suppress(OSError):
            if is_engines and stat.S_ISSOCK(socket.stat().st_mode) and os.access(socket, os.R_OK | os.W_OK):
                return Place(f"docker-daemon:{quote(socket, 4096)}")
    return place
