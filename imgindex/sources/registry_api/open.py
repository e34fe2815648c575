"""Opens `docker://HOST[/REPO-GLOB][:TAG-GLOB]`."""

from __future__ import annotations

from imgindex.sources.base import Source
from imgindex.sources.kinds import OpenOptions
from imgindex.sources.registry_api.address import parse_address
from imgindex.sources.registry_api.http.options import FetchOptions
from imgindex.sources.registry_api.source import RegistryApi


def open_address(address: str, options: OpenOptions) -> Source:
    return RegistryApi(parse_address(address), options.fetch or FetchOptions(), options.registry, options.rename)
