"""Where a registry's repositories are really asked for: registries.conf, as podman and skopeo have it.

A mirror may deliver documents, since their digest proves them. What there is, and where tags point, only the registry
itself may say: mirrors are not asked for lists or tags, whatever `pull-from-mirror` says.

    [[registry]]
    prefix = "registry.example/team"
    location = "internal.example:5000/mirrored/team"
    [[registry.mirror]]
    location = "cache.example:5000/team"
    insecure = true

https://github.com/containers/image/blob/main/docs/containers-registries.conf.5.md
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from imgindex.errors import InvalidReferenceError, SourceError, quote
from imgindex.oci.reference import normalize_registry
from imgindex.sources.registry_api.http.errors import BlockedError

SYSTEM_FILE = Path("/etc/containers/registries.conf")
USER_FILE = ".config/containers/registries.conf"
FILE_BYTES = 4 * 1024 * 1024


class RegistriesConfError(SourceError):
    """registries.conf cannot be understood; to go on without it might ask the wrong host."""


class Endpoint(NamedTuple):
    """Where a repository may be asked for."""

    host: str
    """The registry's normalised name, with port."""
    repository: str
    """Its name there; `""` for the registry as a whole."""
    insecure: bool = False
    """Whether its certificate is not looked at, and plain HTTP will do."""
    mirror: bool = False


class _Place(NamedTuple):
    host: str
    path: str
    insecure: bool


@dataclass(frozen=True, slots=True)
class _Registry:
    prefix: str
    location: _Place | None
    insecure: bool
    blocked: bool
    mirrors: tuple[_Place, ...]

    def covers(self, name: str) -> bool:
        """Whether a `host/repository` begins with the prefix, which may be `*.domain`."""
        if self.prefix.startswith("*."):
            return name.partition("/")[0].endswith(self.prefix[1:])
        return name == self.prefix or name.startswith(f"{self.prefix}/")


class Registries:
    """What registries.conf says."""

    def __init__(self, registries: list[_Registry]) -> None:
        # The longest prefix that covers a name is the one that counts.
        self._registries = sorted(registries, key=lambda one: len(one.prefix), reverse=True)

    def __bool__(self) -> bool:
        """Whether it says anything."""
        return bool(self._registries)

    def endpoints_for(self, host: str, repository: str) -> list[Endpoint]:
        """Where to ask, in order: mirrors, and last the registry itself. Raises `BlockedError`.

        `host` is a registry's normalised name; `repository` is `""` for its catalog.
        """
        name = f"{host}/{repository}" if repository else host
        found = next((one for one in self._registries if one.covers(name)), None)
        if found is None:
            return [Endpoint(host, repository)]
        if found.blocked:
            raise BlockedError(f"{quote(name)} is blocked by registries.conf")
        rest = repository if found.prefix.startswith("*.") else name[len(found.prefix) :].lstrip("/")
        endpoints = [Endpoint(place.host, _join(place.path, rest), place.insecure, True) for place in found.mirrors]
        if found.location is None:
            return [*endpoints, Endpoint(host, repository, found.insecure)]
        return [*endpoints, Endpoint(found.location.host, _join(found.location.path, rest), found.insecure)]


def read_registries(environ: Mapping[str, str]) -> Registries:
    """What the first of these says: CONTAINERS_REGISTRIES_CONF, the user's file, the system's; and its drop-ins."""
    named: dict[str, _Registry] = {}
    for file in _files(environ):
        try:
            with file.open("rb") as opened:
                parsed = tomllib.loads(opened.read(FILE_BYTES).decode())
        except FileNotFoundError:
            continue
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise RegistriesConfError(f"{file} cannot be read as TOML") from error
        for entry in _tables(parsed, "registry", file):
            registry = _read(entry, file)
            named[registry.prefix] = registry
    return Registries(list(named.values()))


def _files(environ: Mapping[str, str]) -> Iterator[Path]:
    if given := environ.get("CONTAINERS_REGISTRIES_CONF"):
        yield Path(given)
        return
    home = environ.get("HOME")
    own = Path(home, USER_FILE) if home else None
    main = own if own is not None and own.exists() else SYSTEM_FILE
    yield main
    for place in (SYSTEM_FILE, *([own] if own else [])):
        yield from sorted(place.with_name("registries.conf.d").glob("*.conf"))


def _tables(parsed: dict[str, Any], name: str, file: Path) -> list[dict[str, Any]]:
    found = parsed.get(name, [])
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise RegistriesConfError(f"{file}: `{name}` is no list of tables")
    return found


def _read(entry: dict[str, Any], file: Path) -> _Registry:
    location, prefix = str(entry.get("location") or ""), str(entry.get("prefix") or "")
    insecure = bool(entry.get("insecure"))
    if not location and not prefix:
        raise RegistriesConfError(f"{file}: a [[registry]] has neither prefix nor location")
    mirrors = (
        _split(str(mirror.get("location") or ""), bool(mirror.get("insecure")), file)
        for mirror in _tables(entry, "mirror", file)
        if mirror.get("pull-from-mirror") != "tag-only"
    )
    return _Registry(
        _prefix(prefix or location, file),
        _split(location, insecure, file) if location and not prefix.startswith("*.") else None,
        insecure,
        bool(entry.get("blocked")),
        tuple(mirrors),
    )


def _prefix(text: str, file: Path) -> str:
    if text.startswith("*."):
        return text.lower()
    host, path, _ = _split(text, False, file)
    return _join(host, path)


def _split(text: str, insecure: bool, file: Path) -> _Place:
    host, _, path = text.partition("/")
    try:
        return _Place(normalize_registry(host), path.strip("/"), insecure)
    except InvalidReferenceError as error:
        raise RegistriesConfError(f"{file}: {error}") from error


def _join(first: str, second: str) -> str:
    return f"{first}/{second}" if first and second else first or second
