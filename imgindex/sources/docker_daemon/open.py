"""Opens `docker-daemon:[SOCKET]`: a path, `unix://PATH`, or nothing for the usual one (DOCKER_HOST, else Docker's)."""

from __future__ import annotations

import os

from imgindex.errors import UnknownSourceError, quote
from imgindex.sources.base import Source
from imgindex.sources.docker_daemon.source import DockerDaemon
from imgindex.sources.kinds import OpenOptions

DEFAULT = "/var/run/docker.sock"
_SCHEME = "unix://"


def open_address(address: str, options: OpenOptions) -> Source:
    given = address or os.environ.get("DOCKER_HOST") or DEFAULT
    path = given.removeprefix(_SCHEME)
    if "://" in path:
        raise UnknownSourceError(
            f"{quote(given)} is no Unix socket. An engine on another host is read there, "
            "or through a socket that ssh forwards."
        )
    return DockerDaemon(path, options.rename)
