"""From what a user writes to the source that is meant: `kind:address`, or a path that is recognised by what lies in it.

The modules of a kind are imported when a source of that kind is opened, and not before.

    open_source("oci:layout:web:1.2")
    open_source("registry-root:/var/lib/registry", registry="registry.example")
    open_source("/var/lib/docker")
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import TYPE_CHECKING

from imgindex.errors import SourceUnavailableError, UnknownSourceError, quote
from imgindex.oci.reference import normalize_registry
from imgindex.sources.base import Source
from imgindex.sources.kinds import SOURCE_KINDS, OpenOptions, SourceKind
from imgindex.sources.recognise import recognise

if TYPE_CHECKING:
    from imgindex.sources.registry_api.http.options import FetchOptions

_KIND = re.compile(r"[a-z0-9-]+:")


def open_source(
    text: str,
    *,
    registry: str | None = None,
    registry_aliases: Iterable[tuple[str, str]] = (),
    fetch: FetchOptions | None = None,
) -> Source:
    """The source that `text` names.

    Args:
        registry: Host that the repositories of a registry are filed under, if not its own; of a `registry-root`,
            `local` if not given.
        registry_aliases: Pairs of (host, alias): what a store keeps under the alias is filed under the host.
        fetch: How a registry is asked.

    Raises:
        UnknownSourceError: The kind is unknown, or the path holds no known store.
        SourceUnavailableError: There is nothing at the path, or it may not be read.
        LayoutError: The path holds no store of the kind that was named.
        InvalidReferenceError: `registry` is no host.
    """
    options = OpenOptions(registry, _renaming(registry_aliases), fetch)
    name, colon, address = text.partition(":")
    kinds = {kind.name: kind for kind in SOURCE_KINDS}
    if colon and name in kinds:
        kind = kinds[name]
        if not address and kind.needs_address:
            raise UnknownSourceError(f"{name}: names nothing; write {name}:{kind.address}")
        return _open(kind, address, options)
    if not os.path.lexists(text):
        if _KIND.match(text):
            raise UnknownSourceError(f"{quote(name)} is no kind of source; this version reads {_readable()}")
        raise SourceUnavailableError(
            f"there is nothing at {quote(text)}; give the path of a store, or kind:address with one of {_readable()}"
        )
    return _open(kinds[recognise(text)], text, options)


def is_fetched(text: str) -> bool:
    """Whether a source asks a registry, as far as its name says."""
    name, colon, _ = text.partition(":")
    return bool(colon) and any(kind.fetches for kind in SOURCE_KINDS if kind.name == name)


def _open(kind: SourceKind, address: str, options: OpenOptions) -> Source:
    source: Source = import_module(f"imgindex.sources.{kind.folder}.open").open_address(address, options)
    return source


def _renaming(aliases: Iterable[tuple[str, str]]) -> Callable[[str], str]:
    """What a repository is filed under: its name, with an alias of a host replaced by the host."""
    hosts = {normalize_registry(alias): normalize_registry(host) for host, alias in aliases}

    def rename(name: str) -> str:
        registry, slash, path = name.partition("/")
        return f"{hosts[registry]}/{path}" if slash and registry in hosts else name

    return rename


def _readable() -> str:
    return ", ".join(f"{kind.name}:{kind.address}" for kind in SOURCE_KINDS)
