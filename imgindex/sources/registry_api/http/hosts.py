"""Hosts: which are loopback, which address a registry is asked at, and which hosts belong to one another.

Origin("https", "registry-1.docker.io", 443)
"""

from __future__ import annotations

import ipaddress
from typing import NamedTuple

from yarl import URL

from imgindex.oci.reference import DOCKER_HUB

DOCKER_HUB_SERVER = "registry-1.docker.io"
PORTS = {"https": 443, "http": 80}

_SHARED_SECOND = frozenset(
    {"ac", "co", "com", "edu", "go", "gob", "gov", "gv", "ltd", "mil", "ne", "net", "nom", "or", "org", "plc"}
)
"""Second labels under which a country's registry gives names to anybody: `co.uk`, `com.au`."""
_SHARED_PARENTS = frozenset(
    {
        "amazonaws.com", "appspot.com", "azurecr.io", "azurewebsites.net", "cloudapp.net", "cloudfront.net",
        "duckdns.org", "dyndns.org", "fly.dev", "github.io", "gitlab.io", "herokuapp.com", "netlify.app", "ngrok.io",
        "onrender.com", "pkg.dev", "run.app", "vercel.app", "windows.net", "workers.dev", "on.aws", "ngrok.app",
        "ngrok-free.app", "pages.dev", "web.app", "firebaseapp.com", "jfrog.io", "nip.io", "sslip.io", "ts.net",
    }
)  # fmt: skip
"""Domains of hosters where neighbours are strangers. Not all of them: see `kin`."""


class Origin(NamedTuple):
    """What credentials belong to: scheme, host and port."""

    scheme: str
    host: str
    port: int | None


def origin_of(url: URL) -> Origin:
    return Origin(url.scheme, (url.raw_host or "").lower(), url.port)


def server_of(registry: str) -> str:
    """The host and port that answers for a registry: of Docker Hub it has another name."""
    return DOCKER_HUB_SERVER if registry == DOCKER_HUB else registry


def split_host(host: str) -> tuple[str, int | None]:
    """(name, port) of `registry.example:5000`, `[::1]:5000` or a name alone; brackets are dropped."""
    if host.startswith("["):
        name, _, rest = host[1:].partition("]")
        return name, int(rest[1:]) if rest[1:] else None
    name, _, port = host.partition(":")
    return name, int(port) if port else None


def is_loopback(host: str) -> bool:
    """Whether a name or address without port is this machine's own: 127.0.0.0/8, ::1, localhost."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def kin(host: str, other: str) -> bool:
    """Whether `other` is the same host, or of the domain that `host` is of: registry-1.docker.io and auth.docker.io.

    The domain is the host's name without its first label. It does not count where strangers share it, as far as that is
    known here: `kin` alone must never be the reason to send one registry's secret to another registry.
    """
    if host == other:
        return True
    _, _, domain = host.partition(".")
    labels = domain.split(".")
    if len(labels) < 2 or is_address(host) or is_address(other) or domain in _SHARED_PARENTS:
        return False
    if len(labels) == 2 and len(labels[1]) == 2 and labels[0] in _SHARED_SECOND:
        return False
    return other == domain or other.endswith(f".{domain}")


def is_address(host: str) -> bool:
    """Whether this is an IP address and no name."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
