"""Which proxy to go through, as the environment says: HTTPS_PROXY and NO_PROXY, in either case.

A proxy is used for TLS alone, where it sees but the host's name. What goes over plain HTTP goes there directly, since a
proxy would read the credentials. Loopback is never asked through a proxy.
"""

from __future__ import annotations

import base64
import urllib.request

from yarl import URL

from imgindex.errors import SourceUnavailableError
from imgindex.sources.registry_api.http.hosts import is_loopback


def find_proxy(scheme: str, host: str) -> tuple[URL | None, dict[str, str] | None]:
    """The proxy for a host, and the headers that it alone is sent; (None, None) = none."""
    if scheme != "https" or is_loopback(host):
        return None, None
    address = urllib.request.getproxies_environment().get("https")
    if not address or urllib.request.proxy_bypass(host):
        return None, None
    try:
        url = URL(address if "://" in address else f"http://{address}")
        told = base64.b64encode(f"{url.user}:{url.password or ''}".encode()).decode() if url.user else None
        proxy = url.with_user(None)
    except ValueError:
        raise SourceUnavailableError("HTTPS_PROXY holds no address of a proxy") from None  # it may hold a password
    if proxy.scheme not in ("http", "https") or not proxy.host:
        raise SourceUnavailableError("HTTPS_PROXY holds no address of a proxy that speaks HTTP")
    return proxy, {"Proxy-Authorization": f"Basic {told}"} if told else None
