"""Opens `docker-archive:FILE`."""

from __future__ import annotations

from imgindex.sources.base import Source
from imgindex.sources.docker_archive.source import DockerArchive
from imgindex.sources.kinds import OpenOptions


def open_address(address: str, options: OpenOptions) -> Source:
    return DockerArchive(address, options.rename)
