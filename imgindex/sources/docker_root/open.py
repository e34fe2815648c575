"""Opens `docker-root:DIR`."""

from __future__ import annotations

from imgindex.sources.base import Source
from imgindex.sources.docker_root.source import DockerRoot
from imgindex.sources.kinds import OpenOptions


def open_address(address: str, options: OpenOptions) -> Source:
    return DockerRoot(address, options.rename)
