"""What it means that a connection failed, in words of our own: aiohttp's quote addresses and headers."""

from __future__ import annotations

import os
import ssl

import aiohttp
from yarl import URL

from imgindex.errors import quote
from imgindex.sources.registry_api.http.errors import UnavailableError


def shown(url: URL) -> str:
    """An address for a message: without query, user name or password."""
    return quote(str(url.with_query(None).with_user(None).with_fragment(None)), 300)


def unavailable(url: URL, error: Exception, answered: bool) -> UnavailableError:
    """The error in words of our own, and whether another attempt may help."""
    host = quote(url.authority.rpartition("@")[2])
    if isinstance(error, aiohttp.ClientConnectorCertificateError | ssl.SSLCertVerificationError):
        cause = error.certificate_error if isinstance(error, aiohttp.ClientConnectorCertificateError) else error
        reason = getattr(cause, "verify_message", "") or "it is not for this host"
        return UnavailableError(f"{host}: its certificate is not trusted: {quote(reason)}")
    if isinstance(error, aiohttp.ClientConnectorSSLError | ssl.SSLError):
        hint = "does it speak plain HTTP? then ask for that with --plain-http"
        return UnavailableError(f"{host}: no TLS connection ({hint})", passing=answered)
    if isinstance(error, TimeoutError):
        return UnavailableError(f"{host} gave no answer in time", passing=True)
    if isinstance(error, aiohttp.ClientHttpProxyError | aiohttp.ClientProxyConnectionError):
        return UnavailableError(f"{host}: the proxy gives no connection to it", passing=answered)
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return UnavailableError(f"{host}: no such host", passing=answered)
    if isinstance(error, aiohttp.ClientConnectorError):
        reason = os.strerror(error.os_error.errno) if error.os_error.errno else "no connection"
        return UnavailableError(f"{host}: {reason}", passing=answered)
    return UnavailableError(f"{host} closed the connection", passing=True)
