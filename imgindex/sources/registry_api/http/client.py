"""One registry, asked: the door of this folder."""

from __future__ import annotations

from collections.abc import Collection
from types import TracebackType
from typing import Self

from imgindex.limits import Limits
from imgindex.sources.registry_api.http.answer import Answer
from imgindex.sources.registry_api.http.log import RequestLog, Unlogged
from imgindex.sources.registry_api.http.options import FetchOptions
from imgindex.sources.registry_api.http.ratelimit import RateLimit


class Client:
    """Asks one registry. Use it as an asynchronous context manager, on one event loop."""

    def __init__(self, host: str, options: FetchOptions, limits: Limits, log: RequestLog | None = None) -> None:
        """`host`: the registry's name as `oci.reference.normalize_registry` has it: `docker.io`, `127.0.0.1:5055`."""
        self.host = host
        self._log = log or Unlogged()

    @property
    def requests_made(self) -> int:
        """How many requests were sent, with those for tokens, redirects and retries."""
        return 0

    @property
    def ratelimit(self) -> RateLimit | None:
        """The allowance that the registry stated last."""
        return None

    async def head(self, path: str, *, scope: str, accept: str | None = None, expected: Collection[int] = ()) -> Answer:
        """The headers that the registry would answer `get` with."""
        raise NotImplementedError

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
            expected: statuses beside 2xx that come back as answers.
            redirects: whether the registry may send us elsewhere, also to another host.

        Raises `SourceError` and `ContentError` as the `errors` module draws them.
        """
        raise NotImplementedError

    async def aclose(self) -> None:
        """Close all connections."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
