"""`imgindex ingest host`: what this host has, said before it is read."""

from __future__ import annotations

from collections.abc import Sequence

from imgindex.cli.output import note
from imgindex.errors import SourceUnavailableError, quote

HOST = "host"
"""The word for all stores in the usual places of this host; a folder of this name is `./host`."""


def expand_host(sources: Sequence[str]) -> list[str]:
    """The sources, with `host` replaced by what is found. Raises SourceUnavailableError where nothing can be read."""
    expanded: list[str] = []
    for source in sources:
        expanded += _found() if source == HOST else [source]
    return expanded


def _found() -> list[str]:
    from imgindex.sources.host import find_stores

    places = find_stores()
    for place in places:
        what = "found" if place.unreadable is None else "not read"
        why = "" if place.unreadable is None else f": {place.unreadable}"
        note(f"{what:8}  {quote(place.spec, 4096)}{why}")
    readable = [place.spec for place in places if place.unreadable is None]
    if not readable:
        raise SourceUnavailableError(
            "no store that can be read is in the usual places of this host: Docker's, containerd's and podman's "
            "folders, those of Kubernetes distributions, and users' homes. Name one: imgindex ingest docker-root:DIR"
        )
    return readable
