"""One registry, asked: the door of this folder.

Documents that a digest names are asked of the mirrors that registries.conf knows, and then of the registry; all else is
asked of the registry alone. What a mirror delivers is checked here, since the registry is asked if it is wrong.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from types import TracebackType
from typing import Self

from aiohttp.abc import AbstractResolver

from imgindex.errors import ContentError, ImgindexError
from imgindex.limits import Limits
from imgindex.oci.digest import verify
from imgindex.sources.registry_api.http.answer import Answer
from imgindex.sources.registry_api.http.errors import BudgetSpentError, NotFoundError
from imgindex.sources.registry_api.http.finder import CredentialFinder
from imgindex.sources.registry_api.http.hosts import server_of
from imgindex.sources.registry_api.http.log import RequestLog, Unlogged
from imgindex.sources.registry_api.http.mirrors import Endpoint, Registries, read_registries
from imgindex.sources.registry_api.http.options import FetchOptions
from imgindex.sources.registry_api.http.ratelimit import RateLimit
from imgindex.sources.registry_api.http.server import Server
from imgindex.sources.registry_api.http.wire import Wire

_in_repository = re.compile(r"/v2/(.+)/(manifests|blobs|tags|referrers)/([^/]+)").fullmatch
_CATALOG = "/v2/_catalog"
MIRROR_FAILURES = 3
"""A mirror that fails so often for other reasons than that it lacks a document is not asked again."""


class Client:
    """Asks one registry. Use it as an asynchronous context manager, on one event loop."""

    def __init__(
        self,
        host: str,
        options: FetchOptions,
        limits: Limits,
        log: RequestLog | None = None,
        *,
        registries: Registries | None = None,
        resolver: AbstractResolver | None = None,
    ) -> None:
        """`host`: the registry's name as `oci.reference.normalize_registry` has it: `docker.io`, `127.0.0.1:5055`.

        `registries`: what is known of mirrors, None = what the system's registries.conf says; `resolver`: who says
        where hosts are, None = the system. Raises `SourceError` where registries.conf cannot be read.
        """
        self.host = host
        self._options = options
        self._limits = limits
        self._registries = read_registries(os.environ) if registries is None else registries
        self._wire = Wire(options, log or Unlogged(), server_of(host), resolver=resolver)
        self._servers: dict[tuple[str, bool], Server] = {}
        self._failures: dict[str, int] = {}

    @property
    def requests_made(self) -> int:
        """How many requests were sent, with those for tokens, redirects and retries."""
        return self._wire.budget.spent

    @property
    def ratelimit(self) -> RateLimit | None:
        """The allowance that a server of the registry stated last."""
        stated = (server.ratelimit for server in self._servers.values())
        return next((one for one in stated if one is not None), None)

    async def head(
        self,
        path: str,
        *,
        scope: str,
        accept: str | None = None,
        expected: Collection[int] = (),
        redirects: bool = False,
    ) -> Answer:
        """The headers that the registry would answer `get` with."""
        return await self._ask("HEAD", path, scope, 0, accept, expected, redirects)

    async def get(
        self,
        path: str,
        *,
        scope: str,
        limit: int,
        accept: str | None = None,
        expected: Collection[int] = (),
        redirects: bool = False,
    ) -> Answer:
        """What the registry has there.

        Args:
            path: path and query: `/v2/…`, or the target of a `Link` that is known to lead to the same registry.
            scope: what is to be read, as tokens name it: `registry:catalog:*`, `repository:team/web:pull`.
            limit: most bytes of a body.
            accept: the header of that name.
            expected: statuses beside 2xx that come back as answers, 5xx and 401 after all was tried.
            redirects: whether the registry may send us elsewhere, also to another host.

        Raises `SourceError` and `ContentError` as the `errors` module draws them.
        """
        return await self._ask("GET", path, scope, limit, accept, expected, redirects)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._wire.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _ask(
        self,
        method: str,
        path: str,
        scope: str,
        limit: int,
        accept: str | None,
        expected: Collection[int],
        redirects: bool,
    ) -> Answer:
        if not self._registries:
            origin = Endpoint(self.host, "")
            return await self._server(origin).ask(
                method, path, scope=scope, limit=limit, accept=accept, expected=expected, redirects=redirects
            )
        match = _in_repository(path.partition("?")[0])
        repository = match[1] if match else ""
        *mirrors, origin = self._registries.endpoints_for(self.host, repository)
        digest = match[3] if match and match[2] in ("manifests", "blobs") and ":" in match[3] else None
        for mirror in mirrors if digest and method == "GET" else []:
            if (
                answer := await self._try(mirror, path, repository, digest or "", limit, accept, redirects)
            ) is not None:
                return answer
        if path.startswith(_CATALOG) and origin.repository:
            raise NotFoundError(f"{self.host} lies in {origin.host}/{origin.repository}: its catalog cannot be listed")
        return await self._server(origin).ask(
            method,
            _moved(path, repository, origin),
            scope=_scope(scope, repository, origin),
            limit=limit,
            accept=accept,
            expected=expected,
            redirects=redirects,
        )

    async def _try(
        self, mirror: Endpoint, path: str, repository: str, digest: str, limit: int, accept: str | None, redirects: bool
    ) -> Answer | None:
        """A document from a mirror; None if it does not have it, whole and right."""
        if self._failures.get(mirror.host, 0) >= MIRROR_FAILURES:
            return None
        try:
            answer = await self._server(mirror).ask(
                "GET",
                _moved(path, repository, mirror),
                scope=f"repository:{mirror.repository}:pull",
                limit=limit,
                accept=accept,
                expected=(),
                redirects=redirects,
            )
            verify(answer.body, digest)
        except BudgetSpentError:
            raise
        except ContentError:
            return None
        except ImgindexError:
            self._failures[mirror.host] = self._failures.get(mirror.host, 0) + 1
            return None
        return answer

    def _server(self, endpoint: Endpoint) -> Server:
        key = endpoint.host, endpoint.insecure
        if (server := self._servers.get(key)) is None:
            finder = CredentialFinder(endpoint.host, self._options, os.environ, named=not endpoint.mirror)
            server = Server(endpoint.host, self._wire, finder, self._options, insecure=endpoint.insecure)
            self._servers[key] = server
        return server


def _moved(path: str, repository: str, endpoint: Endpoint) -> str:
    """The path of the same thing at another place."""
    if not repository or repository == endpoint.repository:
        return path
    return f"/v2/{endpoint.repository}{path[len('/v2/') + len(repository) :]}"


def _scope(scope: str, repository: str, endpoint: Endpoint) -> str:
    if not repository or scope != f"repository:{repository}:pull":
        return scope
    return f"repository:{endpoint.repository}:pull"
