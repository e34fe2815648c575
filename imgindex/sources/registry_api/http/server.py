"""One server that answers for a registry: over TLS or not, signed in, its redirects followed, its errors understood.

Plain HTTP is spoken to loopback where it has no TLS, and to hosts that the user named. A redirect is followed by hand,
five times at most, never from TLS to plain HTTP; the Authorization header goes along to the same scheme, host and port,
and nowhere else.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Collection

import msgspec
from multidict import CIMultiDictProxy
from yarl import URL

from imgindex.errors import quote
from imgindex.sources.registry_api.http.answer import Answer
from imgindex.sources.registry_api.http.credentials import secrets_in
from imgindex.sources.registry_api.http.errors import (
    BadAnswerError,
    DeniedError,
    NotFoundError,
    RefusedAddressError,
    StatusError,
    UnavailableError,
)
from imgindex.sources.registry_api.http.finder import CredentialFinder
from imgindex.sources.registry_api.http.hosts import Origin, is_loopback, origin_of, server_of, split_host
from imgindex.sources.registry_api.http.options import FetchOptions
from imgindex.sources.registry_api.http.ratelimit import RateLimit
from imgindex.sources.registry_api.http.tokens import SignIn
from imgindex.sources.registry_api.http.wire import Wire

REDIRECTS = 5
"""Most redirects of one request."""

_path = re.compile(r"/(?!/)[A-Za-z0-9\-._~!$&'()*+,;=:@/%]*(?:\?[A-Za-z0-9\-._~!$&'()*+,;=:@/%?\[\]]*)?").fullmatch
_dots = re.compile(r"/(?:\.|%2[eE]){1,2}(?:/|\?|$)").search


class Server:
    """One server of a registry."""

    def __init__(
        self, registry: str, wire: Wire, finder: CredentialFinder, options: FetchOptions, *, insecure: bool = False
    ) -> None:
        """`registry`: its normalised name; `insecure`: as registries.conf has it."""
        self._host = server_of(registry)
        self._wire = wire
        self._finder = finder
        self._options = options
        self._insecure = insecure
        self._found: tuple[str, SignIn] | None = None
        self._finding = asyncio.Lock()

    @property
    def ratelimit(self) -> RateLimit | None:
        """The allowance that it stated last."""
        return self._wire.pace(URL(self._found[0], encoded=True)).ratelimit if self._found else None

    async def ask(
        self,
        method: str,
        path: str,
        *,
        scope: str,
        limit: int,
        accept: str | None,
        expected: Collection[int],
        redirects: bool,
    ) -> Answer:
        """What the server answers, as `Client.get` says."""
        if not _path(path) or _dots(path):
            raise RefusedAddressError(f"{quote(path)} is no path on a registry")
        base, sign_in = self._found or await self._find()
        url = URL(base + path, encoded=True)
        headers = {"Accept": accept} if accept else {}
        used = await self._authorization(sign_in, scope, expected)
        for again in (False, True, True):
            if used is not None:
                headers["Authorization"] = used
            answer = await self._follow(method, url, headers, limit, redirects)
            if answer.status != 401:
                break
            renewed = await self._renew(sign_in, scope, used, answer, again, expected)
            if renewed is None:
                break
            used = renewed
        if 200 <= answer.status < 300 or answer.status in expected:
            return answer
        raise _error(method, answer, used, sign_in)

    async def _authorization(self, sign_in: SignIn, scope: str, expected: Collection[int]) -> str | None:
        try:
            return await sign_in.header(scope)
        except DeniedError as error:
            if error.status in expected:
                return None  # the registry itself will say so
            raise

    async def _renew(
        self, sign_in: SignIn, scope: str, used: str | None, answer: Answer, again: bool, expected: Collection[int]
    ) -> str | None:
        assert isinstance(answer.headers, CIMultiDictProxy)
        try:
            return await sign_in.renew(scope, used, answer.headers.getall("WWW-Authenticate", []), again=again)
        except DeniedError as error:
            if error.status in expected:
                return None
            raise

    async def _follow(self, method: str, url: URL, headers: dict[str, str], limit: int, redirects: bool) -> Answer:
        """The answer at the end of the redirects."""
        target = url
        for _ in range(REDIRECTS + 1):
            answer = await self._wire.fetch(method, target, headers=headers, limit=limit)
            if answer.status not in (301, 302, 303, 307, 308):
                if target is url:
                    return answer
                if answer.status == 401:
                    # Another host's challenge: it gets no credentials of this registry.
                    raise UnavailableError(f"{quote(target.host)}, where {url.host} sends us, answers 401", status=401)
                return Answer(answer.status, answer.headers, answer.body, str(target.with_query(None)))
            if not redirects:
                raise RefusedAddressError(
                    f"{quote(url.with_query(None), 300)} is redirected, which is not followed here"
                )
            following = self._check_redirect(target, answer.headers.get("Location", ""))
            if origin_of(following) != origin_of(url):
                headers = {name: text for name, text in headers.items() if name != "Authorization"}
            target = following
        raise RefusedAddressError(f"{quote(url.with_query(None), 300)} is redirected more than {REDIRECTS} times")

    def _check_redirect(self, source: URL, location: str) -> URL:
        """Where a redirect leads. Raises `RefusedAddressError` where it is not followed."""
        shown = quote(source.with_query(None), 300)
        try:
            target = source.join(URL(location, encoded=True)).with_fragment(None)
            host, port = target.host, target.port
        except ValueError:
            raise RefusedAddressError(f"{shown} is redirected to what is no address") from None
        if not location or not host or target.scheme not in ("http", "https"):
            raise RefusedAddressError(f"{shown} is redirected to what is no address")
        if target.raw_user is not None or target.raw_password is not None:
            raise RefusedAddressError(f"{shown} is redirected to an address with a user name")
        where = quote(target.origin())
        if source.scheme == "https" and target.scheme == "http":
            raise RefusedAddressError(f"{shown} is redirected from TLS to plain HTTP, to {where}")
        if is_loopback(host) and not is_loopback(source.host or ""):
            raise RefusedAddressError(f"{shown} is redirected to this machine itself, to {where}")
        same = origin_of(target) == origin_of(source)
        if target.scheme == "http" and not (same or is_loopback(host) or self._options.allows_plain(host, port)):
            raise RefusedAddressError(f"{shown} is redirected to plain HTTP, to {where}")
        return target

    async def _find(self) -> tuple[str, SignIn]:
        """The server's address, and how to sign in to it."""
        async with self._finding:
            if self._found is None:
                base = await self._find_base()
                self._found = base, SignIn(URL(base), self._finder, self._options, self._wire)
            return self._found

    async def _find_base(self) -> str:
        """`https://host` or `http://host`."""
        name, port = split_host(self._host)
        if self._options.allows_plain(name, port) or self._host in self._options.plain_http:
            return f"http://{self._host}"
        if self._insecure:
            self._wire.unverified.add(Origin("https", name, port or 443))
        elif not is_loopback(name):
            return f"https://{self._host}"
        tls = self._wire.tls(URL(f"https://{self._host}"))
        has_tls = await _has_tls(name, port or 443, tls, self._options.connect_seconds)
        return f"{'https' if has_tls else 'http'}://{self._host}"


async def _has_tls(host: str, port: int, tls: ssl.SSLContext | bool, seconds: float) -> bool:
    """Whether a server speaks TLS, be its certificate good or bad: a bad one is no reason to do without."""
    try:
        async with asyncio.timeout(seconds):
            _, writer = await asyncio.open_connection(host, port, ssl=tls)
    except ssl.SSLCertVerificationError:
        return True
    except (OSError, EOFError):
        return False
    writer.transport.abort()
    return True


def _error(method: str, answer: Answer, used: str | None, sign_in: SignIn) -> Exception:
    """The error that an unexpected status is. What the server says is part of it, unless it quotes our credentials."""
    code, message = _read_error(answer.body)
    if any(secret in f"{code} {message}" for secret in secrets_in(used)):
        code, message = None, "(what it says holds the credentials)"
    what = f"{method} {quote(URL(answer.url, encoded=True).with_query(None), 300)}: {answer.status}"
    told = " ".join(quote(part) for part in (code, message) if part)
    what = f"{what} {told}".rstrip()
    match answer.status:
        case 401 | 403:
            return DeniedError(f"{what}; {sign_in.story()}", status=answer.status)
        case 404:
            return NotFoundError(what, code=code)
        case status if status >= 500:
            return UnavailableError(what, status=status)
        case status if status >= 400:
            return StatusError(what, status=status, code=code)
    return BadAnswerError(what)


class _Told(msgspec.Struct):
    code: str = ""
    message: str = ""


class _Errors(msgspec.Struct):
    errors: list[_Told] = []


def _read_error(body: bytes) -> tuple[str | None, str | None]:
    """(code, message) of the first error that a registry's answer tells of, where it does.

    https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes
    """
    try:
        errors = msgspec.json.decode(body, type=_Errors).errors
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None, None
    return (errors[0].code or None, errors[0].message or None) if errors else (None, None)
