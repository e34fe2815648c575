"""What the name of an image means: a tag of some repository, a repository's manifest without one, or nothing.

containerd takes any text for a name and completes none, so names are taken as given; only the host of one that begins
with a host is normalised, so that it joins with what the registry is called elsewhere. Kubernetes names an image by its
ID, too, and Docker keeps what lost its last name under a name of its own making: both say nothing.

https://github.com/containerd/containerd/blob/main/pkg/reference/reference.go

    split_name("docker.io/library/nginx:1.25")   -> ("docker.io/library/nginx", "1.25")
    split_name("quay.io/x/y@sha256:…")           -> ("quay.io/x/y", None)
    split_name("web:1")                          -> ("web", "1")
    split_name("sha256:…")                       -> ("", None)
    split_name("moby-dangling@sha256:…")         -> ("", None)
    split_name("anything")                       -> ("", "anything")
"""

from __future__ import annotations

from collections.abc import Iterable

from imgindex.errors import InvalidReferenceError
from imgindex.oci.digest import is_sha256
from imgindex.oci.reference import repository_name

_DANGLING = "moby-dangling"


def split_name(name: str) -> tuple[str, str | None]:
    """(repository, tag) of a name; the nameless repository is ""."""
    if is_sha256(name):
        return "", None
    named, at, _ = name.partition("@")
    repository, tag = _split_tag(named)
    if at:
        return ("" if repository == _DANGLING else _normalize(repository)), None
    return (_normalize(repository), tag) if tag else ("", name)


def _split_tag(name: str) -> tuple[str, str]:
    repository, colon, tag = name.rpartition(":")
    return (repository, tag) if colon and repository and "/" not in tag else (name, "")


def _normalize(repository: str) -> str:
    host, slash, path = repository.partition("/")
    if not slash or not ("." in host or ":" in host or host == "localhost"):
        return repository
    try:
        return repository_name(host, path)
    except InvalidReferenceError:
        return repository


class Origins:
    """From the label that says where a blob came from to the repositories that are meant.

    The label lacks the port of the registry, so it is looked for in the names of images.
    """

    def __init__(self, repositories: Iterable[str]) -> None:
        self._ports: dict[tuple[str, str], set[str]] = {}
        for name in repositories:
            host, _, path = name.partition("/")
            hostname, colon, _ = host.rpartition(":")
            if colon:
                self._ports.setdefault((hostname, path), set()).add(name)

    def repositories(self, host: str, paths: str) -> list[str]:
        """By the host of the label and its comma list of paths."""
        found: set[str] = set()
        for path in filter(None, paths.split(",")):
            found |= self._ports.get((host, path)) or {_normalize(f"{host}/{path}")}
        return sorted(found)
