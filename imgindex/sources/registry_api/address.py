"""What a user means by `docker://HOST[/REPO-GLOB][:TAG-GLOB]`: a registry, and which of its repositories and tags.

In a glob, `*` stands for any characters, `/` included, and `?` for one. A name without a host means Docker Hub's, as it
does to docker; so does one without a namespace on Docker Hub.

    parse_address("//registry.example/team/*:1.*") -> Address("registry.example", "team/*", "1.*")
    parse_address("//127.0.0.1:5055") -> Address("127.0.0.1:5055", None, None)
    parse_address("//nginx:1.25") -> Address("docker.io", "library/nginx", "1.25")
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import NamedTuple

from imgindex.errors import InvalidReferenceError, UnknownSourceError, quote
from imgindex.oci.reference import DOCKER_HUB, normalize_registry, repository_name, split_repository

ESCAPE = "!"
"""What stands before a character of a LIKE pattern that is meant as itself."""

_REPOSITORY_GLOB = re.compile(r"[a-z0-9._/*?-]{1,255}").fullmatch
_TAG_GLOB = re.compile(r"[A-Za-z0-9_.*?-]{1,128}").fullmatch
_HOST_LIKE = re.compile(r".*[.:].*|localhost").fullmatch
_PORT_DIGITS = 4
"""A number of so many digits after a bare word is a port; a shorter one is a tag, as in `postgres:15`."""


class Address(NamedTuple):
    """`repositories` and `tags` are globs; None = all."""

    host: str
    """As `normalize_registry` has it."""
    repositories: str | None = None
    tags: str | None = None


class Scope:
    """Which repositories and tags of a registry are looked at."""

    def __init__(self, address: Address) -> None:
        self.repositories = address.repositories
        self.tags = address.tags

    @cached_property
    def named(self) -> str | None:
        """The one repository that is meant, where none has to be looked for."""
        return None if self.repositories is None or _is_glob(self.repositories) else self.repositories

    @cached_property
    def _repository(self) -> re.Pattern[str]:
        return _pattern(self.repositories or "*")

    @cached_property
    def _tag(self) -> re.Pattern[str]:
        return _pattern(self.tags or "*")

    def has_repository(self, name: str) -> bool:
        return self._repository.fullmatch(name) is not None

    def has_tag(self, tag: str) -> bool:
        return self._tag.fullmatch(tag) is not None

    @property
    def tags_like(self) -> str:
        """The tags that are looked at, as a pattern of SQL's LIKE with `ESCAPE`."""
        glob = re.sub(f"[%_{ESCAPE}]", lambda found: ESCAPE + found[0], self.tags or "*")
        return glob.replace("*", "%").replace("?", "_")


def parse_address(address: str) -> Address:
    """What follows `docker:`. Raises UnknownSourceError and InvalidReferenceError."""
    if not address.startswith("//") or address == "//":
        raise UnknownSourceError(
            f"docker:{quote(address)} names no registry; write docker://HOST[/REPO-GLOB][:TAG-GLOB]"
        )
    text = address.removeprefix("//").removesuffix("/")
    if "@" in text:
        # Also where a user name and a password would stand, so none of it is shown.
        raise UnknownSourceError(
            "docker:// takes no digest and no password; write docker://HOST[/REPO-GLOB][:TAG-GLOB]"
        )
    host, rest = _split_host(text, has_slash=address.endswith("/"))
    registry = normalize_registry(host)
    repositories, colon, tags = rest.partition(":")
    if rest and not _REPOSITORY_GLOB(repositories):
        raise InvalidReferenceError(f"{quote(repositories)} is no name of a repository, and no glob of * and ?")
    if colon and not _TAG_GLOB(tags):
        raise InvalidReferenceError(f"{quote(tags)} is no tag, and no glob of * and ?")
    if repositories and not _is_glob(repositories):
        repositories = split_repository(repository_name(registry, repositories))[1]
    return Address(registry, None if repositories in ("", "*") else repositories, None if tags in ("", "*") else tags)


def _split_host(text: str, has_slash: bool) -> tuple[str, str]:
    first, slash, rest = text.partition("/")
    if slash:
        return (first, rest) if _HOST_LIKE(first) or first != first.lower() else (DOCKER_HUB, text)
    name, colon, port = text.rpartition(":")
    if has_slash or text == "localhost" or (not colon and "." in text) or text.endswith("]"):
        return text, ""
    # `registry:5000` is a host with its port; `nginx:1.25` and `nginx` are Docker Hub's.
    if colon and port.isdecimal() and ("." in name or name.endswith("]") or len(port) >= _PORT_DIGITS):
        return text, ""
    if "." in name or name.endswith("]"):
        raise UnknownSourceError(f"{quote(text)}: for some tags of all repositories, write docker://HOST/*:TAG-GLOB")
    return DOCKER_HUB, text


def _is_glob(text: str) -> bool:
    return "*" in text or "?" in text


def _pattern(glob: str) -> re.Pattern[str]:
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(character, re.escape(character)) for character in glob), re.DOTALL)
