"""Image references: `registry/path[:tag][@digest]`, normalised so that one image has one name.

`nginx` is `docker.io/library/nginx`, as docker writes it in full; no tag is added to a name that has none. Beyond what
docker does, host names are in lower case, the port of HTTPS is dropped, and all of Docker Hub's names are `docker.io`,
so that a host and its registry join. It asks no registry whether a name exists, and takes no image ID for a name.

https://github.com/distribution/reference

    parse_reference("nginx:1.25") -> Reference("docker.io", "library/nginx", "1.25", None)
"""

from __future__ import annotations

import re
from typing import NamedTuple

from imgindex.errors import InvalidReferenceError, quote
from imgindex.oci.digest import UnsupportedDigestError, parse_digest

DOCKER_HUB = "docker.io"
_DOCKER_HUB_NAMES = frozenset({DOCKER_HUB, "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"})
_OFFICIAL = "library/"
_DEFAULT_PORT = ":443"

_HOST_CHARS = 255 + len(":65535")
_PATH_CHARS = 255
_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_HOST = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-f0-9:]+\])(?::[0-9]+)?")
_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_PATH = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_IMAGE_ID = re.compile(r"[a-f0-9]{64}")


class Reference(NamedTuple):
    """A normalised reference; `str()` writes it in full."""

    registry: str
    """Host name in lower case, with its port unless it is HTTPS's: `docker.io`, `127.0.0.1:5055`, `[::1]:5000`."""
    path: str
    """The repository's name within its registry: `library/nginx`."""
    tag: str | None = None
    digest: str | None = None

    @property
    def repository(self) -> str:
        """The repository's full name: `docker.io/library/nginx`."""
        return f"{self.registry}/{self.path}"

    def __str__(self) -> str:
        tag = "" if self.tag is None else f":{self.tag}"
        digest = "" if self.digest is None else f"@{self.digest}"
        return f"{self.repository}{tag}{digest}"


def parse_reference(text: str) -> Reference:
    """The reference that `text` means to docker. Raises `InvalidReferenceError`."""
    if _IMAGE_ID.fullmatch(text):
        raise InvalidReferenceError(f'"{quote(text)}" is an image ID, not a name')
    name, at, digest = text.partition("@")
    try:
        if at:
            parse_digest(digest)
        host, rest = _split_host(name)
        path, colon, tag = rest.partition(":")
        if colon and not _TAG.fullmatch(tag):
            raise InvalidReferenceError(f'"{quote(tag)}" is no tag')
        registry = normalize_registry(host)
        return Reference(registry, _normalize_path(registry, path), tag if colon else None, digest if at else None)
    except (InvalidReferenceError, UnsupportedDigestError) as error:
        raise InvalidReferenceError(f'"{quote(text)}" is no image reference: {error}') from error


def _split_host(name: str) -> tuple[str, str]:
    """The host that a name begins with, or Docker Hub; and the rest. A first part is a host if it looks like one."""
    first, slash, rest = name.partition("/")
    if slash and _is_host_like(first):
        return first, rest
    return DOCKER_HUB, name


def _is_host_like(first: str) -> bool:
    return first == "localhost" or "." in first or ":" in first or first != first.lower()


def normalize_registry(host: str) -> str:
    """The one name of a registry: lower case, no default port, Docker Hub's names folded to `docker.io`.

    Raises `InvalidReferenceError` for what is no host name or address, with or without a port; IPv6 is in brackets.
    """
    if len(host) > _HOST_CHARS or not host.isascii() or not _HOST.fullmatch(host.lower()):
        raise InvalidReferenceError(f'"{quote(host)}" is no registry')
    registry = host.lower().removesuffix(_DEFAULT_PORT)
    return DOCKER_HUB if registry in _DOCKER_HUB_NAMES else registry


def _normalize_path(registry: str, path: str) -> str:
    if len(path) > _PATH_CHARS or not _PATH.fullmatch(path):
        raise InvalidReferenceError(f'"{quote(path)}" is no repository name')
    return _OFFICIAL + path if registry == DOCKER_HUB and "/" not in path else path


def is_tag(text: str) -> bool:
    """Whether a registry may have a tag of this name."""
    return _TAG.fullmatch(text) is not None


def repository_name(registry: str, path: str) -> str:
    """The full name of a repository within a registry: `docker.io/library/nginx`. Raises `InvalidReferenceError`."""
    registry = normalize_registry(registry)
    return f"{registry}/{_normalize_path(registry, path)}"


def split_repository(name: str) -> tuple[str, str]:
    """(registry, path) of a full repository name, as `repository_name` writes it. Raises `InvalidReferenceError`."""
    registry, slash, path = name.partition("/")
    if not slash:
        raise InvalidReferenceError(f'"{quote(name)}" is no full repository name: it has no registry')
    return registry, path


def familiar(name: str) -> str:
    """The short form that docker shows: `nginx`, `lab/web`. Other registries' names stay whole.

    So do names whose short form would mean another repository. `name` is a full name, with or without tag and digest.
    """
    registry, _, path = name.partition("/")
    if registry != DOCKER_HUB:
        return name
    official = path.removeprefix(_OFFICIAL)
    short = path if "/" in official else official
    first, slash, _ = short.partition("/")
    if (slash and _is_host_like(first)) or _IMAGE_ID.fullmatch(short):
        return name
    return short
