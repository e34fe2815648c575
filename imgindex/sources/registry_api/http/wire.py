"""The wire: requests go out, whole and bounded answers come in, and passing troubles are waited out.

Sends to wherever it is told, with the headers it is told: who may be sent what is decided elsewhere. It follows no
redirect, keeps no cookie, takes no compressed body, and says nothing of aiohttp's own words in errors, since those
quote addresses. Every request is counted before it is sent.
"""

from __future__ import annotations

import asyncio
import os
import random
import ssl
from collections.abc import Mapping
from typing import NamedTuple

import aiohttp
import stamina
import stamina.instrumentation
from aiohttp.abc import AbstractResolver
from yarl import URL

import imgindex
from imgindex.errors import ContentError
from imgindex.sources.registry_api.http.answer import Answer
from imgindex.sources.registry_api.http.budget import Budget
from imgindex.sources.registry_api.http.certs import Certificates
from imgindex.sources.registry_api.http.errors import (
    BadAnswerError,
    CutBodyError,
    RefusedAddressError,
    ThrottledError,
    TooLargeError,
    UnavailableError,
)
from imgindex.sources.registry_api.http.failures import shown, unavailable
from imgindex.sources.registry_api.http.hosts import PORTS, Origin, origin_of, split_host
from imgindex.sources.registry_api.http.log import RequestLog
from imgindex.sources.registry_api.http.options import FetchOptions
from imgindex.sources.registry_api.http.pace import Pace, read_retry_after
from imgindex.sources.registry_api.http.proxies import find_proxy

ERROR_BYTES = 64 * 1024
"""Most bytes of a body that tells of an error."""
HEADERS = 128
HEADER_BYTES = 32 * 1024
"""Longest header. Docker Hub's tokens and some registries' redirects are several thousand bytes long."""
CLOSING_SECONDS = 0.1
PASSING = frozenset({408, 500, 502, 503, 504})
"""Statuses that another attempt may change."""

# What stamina would log are errors that may be over a moment later; those that stay are raised.
stamina.instrumentation.set_on_retry_hooks([])


class _PassingStatusError(Exception):
    """An answer that another attempt may change."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


class _Route(NamedTuple):
    """How to get to a host."""

    pace: Pace
    tls: ssl.SSLContext | bool
    proxy: URL | None
    proxy_headers: dict[str, str] | None


class Wire:
    """Connections to a registry and to where it sends its clients."""

    def __init__(
        self, options: FetchOptions, log: RequestLog, own: str, *, resolver: AbstractResolver | None = None
    ) -> None:
        """`own`: the host, with port, that the user named; `resolver`: who says where hosts are, None = the system."""
        self.budget = Budget(options.max_requests)
        self.unverified: set[Origin] = set()
        """Where certificates are not looked at, because registries.conf says so."""
        self._certificates = Certificates(options, os.environ)
        name, port = split_host(own)
        self._own = name, port or PORTS["https"]
        self._options = options
        self._log = log
        self._routes: dict[tuple[str, str], _Route] = {}
        self._paces: dict[str, Pace] = {}
        self._retry = stamina.AsyncRetryingCaller(
            attempts=options.attempts,
            timeout=None,
            wait_initial=options.wait_seconds,
            wait_max=options.longest_wait_seconds,
            wait_jitter=options.wait_seconds,
        ).on(_may_pass)
        self._resolver = resolver
        self._broken = False
        self._session: aiohttp.ClientSession | None = None

    def pace(self, url: URL) -> Pace:
        """How fast the address's host may be asked."""
        return self._route(url).pace

    def tls(self, url: URL) -> ssl.SSLContext | bool:
        """How certificates are looked at there."""
        return self._route(url).tls

    async def fetch(
        self, method: str, url: URL, *, headers: Mapping[str, str], limit: int, form: Mapping[str, str] | None = None
    ) -> Answer:
        """The answer, whatever its status but 429; what may pass was tried again.

        Raises `UnavailableError`, `ThrottledError`, `BudgetSpentError`, `CutBodyError`, `TooLargeError` (for a 2xx body
        beyond `limit`), `BadAnswerError`, `RefusedAddressError`.
        """
        try:
            return await self._attempt(method, url, headers, limit, form)
        except Exception as error:  # most requests need no second attempt, and its machinery costs
            if not _may_pass(error):
                raise
            first = [error]

        async def attempt() -> Answer:
            if first:
                raise first.pop()
            return await self._attempt(method, url, headers, limit, form)

        try:
            return await self._retry(attempt)
        except _PassingStatusError as failed:
            return failed.answer

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None
            # A TLS connection that was broken off takes a moment to be closed, and the loop may end with this call.
            await asyncio.sleep(CLOSING_SECONDS if self._broken else 0)

    def _open(self) -> aiohttp.ClientSession:
        """The session of this event loop, made when the first request is sent."""
        timeout = aiohttp.ClientTimeout(
            total=self._options.answer_seconds,
            sock_connect=self._options.connect_seconds,
            sock_read=self._options.silence_seconds,
        )
        session = aiohttp.ClientSession(
            # How many at once is for each host's pace to say.
            connector=aiohttp.TCPConnector(
                limit=0,
                resolver=self._resolver,
                ttl_dns_cache=300,
                enable_cleanup_closed=getattr(aiohttp.connector, "NEEDS_CLEANUP_CLOSED", False),
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": f"imgindex/{imgindex.__version__}", "Accept-Encoding": "identity"},
            timeout=timeout,
            auto_decompress=False,
            trust_env=False,
            max_line_size=HEADER_BYTES,
            max_field_size=HEADER_BYTES,
            max_headers=HEADERS,
        )
        # It would send a request a second time, uncounted, where a kept connection turns out to be closed.
        session._retry_connection = False
        self._session = session
        return session

    def _route(self, url: URL) -> _Route:
        place = url.scheme, url.raw_authority
        if (route := self._routes.get(place)) is None:
            origin = origin_of(url)
            host, port = origin.host, origin.port or 443
            pace = self._paces.setdefault(f"{host}:{port}", Pace(self._options.jobs))
            tls: ssl.SSLContext | bool = True
            if origin.scheme == "https":
                own, verify = (host, port) == self._own, origin not in self.unverified
                tls = self._certificates.context(host, port, own=own, verify=verify)
            route = self._routes[place] = _Route(pace, tls, *find_proxy(origin.scheme, host))
        return route

    async def _attempt(
        self, method: str, url: URL, headers: Mapping[str, str], limit: int, form: Mapping[str, str] | None
    ) -> Answer:
        """One answer that is no 429: a host that wants to be left alone is, and then asked again."""
        route = self._route(url)
        pace = route.pace
        waited, times = 0.0, 0
        while True:
            async with pace.slots:
                if method == "GET" and form is None:
                    pace.check_allowance(self._options.throttle_seconds)
                await pace.wait()
                answer = await self._exchange(route, method, url, headers, limit, form)
            pace.note(answer.headers)
            stated = read_retry_after(answer.headers)
            if answer.status != 429:
                break
            wait = self._backoff(times) if stated is None else stated
            waited, times = waited + max(wait, self._options.wait_seconds), times + 1
            if waited > self._options.throttle_seconds:
                raise ThrottledError(f"{shown(url)}: too many requests; it asks to wait {wait:.0f} s", retry_after=wait)
            self._hold(pace, wait, f"{url.host} answers that these are too many requests")
        if answer.status in PASSING:
            if stated is not None and stated <= self._options.throttle_seconds:
                self._hold(pace, stated, f"{url.host} answers {answer.status}")
            raise _PassingStatusError(answer)
        return answer

    def _hold(self, pace: Pace, seconds: float, reason: str) -> None:
        pace.hold(seconds)
        self._log.waiting(seconds, reason)

    def _backoff(self, times: int) -> float:
        first, longest = self._options.wait_seconds, self._options.longest_wait_seconds
        return min(longest, first * 2.0 ** min(times, 30)) + random.uniform(0, first)  # noqa: S311 - no secret

    async def _exchange(
        self,
        route: _Route,
        method: str,
        url: URL,
        headers: Mapping[str, str],
        limit: int,
        form: Mapping[str, str] | None,
    ) -> Answer:
        """Send one request, once. aiohttp's errors quote addresses and headers: none stays a cause."""
        self.budget.spend()
        self._log.sent()
        whole = False
        try:
            response = await (self._session or self._open()).request(
                method,
                url,
                headers=headers,
                data=form,
                allow_redirects=False,
                ssl=route.tls,
                proxy=route.proxy,
                proxy_headers=route.proxy_headers,
            )
            try:
                body = b"" if method == "HEAD" else await _read(response, limit)
                whole = True
                self._log.received(len(body))
                return Answer(response.status, response.headers, body, str(url))
            finally:
                response.release()
        except ContentError as error:
            raise type(error)(f"{shown(url)} {error}") from None
        except aiohttp.ClientPayloadError:
            raise CutBodyError(f"{shown(url)}: the body ended before its end") from None
        except aiohttp.InvalidURL:
            raise RefusedAddressError(f"{shown(url)} is no address") from None
        except aiohttp.ClientHttpProxyError as error:
            raise unavailable(url, error, route.pace.answered) from None
        except aiohttp.ClientResponseError:
            raise BadAnswerError(f"{shown(url)}: what came is no HTTP, or its headers are too long") from None
        except (aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
            raise unavailable(url, error, route.pace.answered) from None
        finally:
            self._broken = self._broken or not whole


async def _read(response: aiohttp.ClientResponse, limit: int) -> bytes:
    """The body; of an error's, the first bytes. Raises `TooLargeError`, `BadAnswerError`."""
    wanted = response.status < 300
    if not wanted:
        limit = ERROR_BYTES
    elif response.headers.get("Content-Encoding", "identity").lower() not in ("identity", ""):
        response.close()
        raise BadAnswerError("came encoded, which was not asked for")
    elif (length := response.content_length or 0) > limit:
        response.close()
        raise TooLargeError(f"has {length} bytes, more than the {limit} allowed")
    chunks: list[bytes] = []
    size = 0
    while chunk := await response.content.readany():
        chunks.append(chunk)
        size += len(chunk)
        if size > limit:
            response.close()
            if wanted:
                raise TooLargeError(f"has more than the {limit} bytes allowed")
            break
    return b"".join(chunks)[:limit]


def _may_pass(error: Exception) -> bool:
    if isinstance(error, UnavailableError):
        return error.passing
    return isinstance(error, _PassingStatusError | CutBodyError)
