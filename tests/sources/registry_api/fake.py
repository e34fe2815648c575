"""A server whose answers a test writes, faults included; what it is asked, it writes down byte for byte.

It runs on an event loop in a thread of its own, so that a test may ask it from any loop, or from none.

    with FakeServer() as fake:
        fake.routes["/v2/_catalog"] = Reply.of({"repositories": ["team/web"]})
        fake.routes["/v2/team/web/tags/list"] = [Reply(503), Reply.of({"name": "team/web", "tags": ["1"]})]
        …
        assert [one.path for one in fake.seen] == […]

A path is looked for with its query first, then without. A list is answered one by one, its last item for ever; a
function is called with what was asked. HEAD is answered as GET is, without the body.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeAlias


@dataclass(frozen=True)
class Seen:
    """One request."""

    method: str
    path: str
    """With its query, as it was sent."""
    headers: Mapping[str, str]
    """By name in lower case."""
    body: bytes
    raw: bytes
    """All of it, as it came over the wire."""


@dataclass(frozen=True)
class Reply:
    """One answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] | list[tuple[str, str]] = field(default_factory=dict)
    cut: int | None = None
    """Close the connection after so many bytes of the body."""
    drip: float | None = None
    """Send the body byte by byte, with so many seconds in between."""
    wait: float = 0.0
    """Seconds before anything is sent."""
    raw: bytes | None = None
    """Send this, and nothing else, and close the connection."""

    @classmethod
    def of(cls, document: Any, status: int = 200, **headers: str) -> Reply:
        """A JSON document. Of a header's name, `_` is `-`."""
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        return cls(status, json.dumps(document).encode(), {"Content-Type": "application/json", **named})


Route: TypeAlias = Reply | list[Reply] | Callable[[Seen], Reply]

TLS_HANDSHAKE = b"\x16"
"""What a TLS client begins with; servers that speak plain HTTP say so."""

NOT_FOUND = Reply.of({"errors": [{"code": "NAME_UNKNOWN", "message": "no such repository"}]}, 404)


class FakeServer:
    """A server on a free port of loopback, over TLS if it is given a context."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.routes: dict[str, Route] = {}
        self.seen: list[Seen] = []
        self.port = 0
        self._tls = tls
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._connections: set[asyncio.Task[Any]] = set()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{'http' if self._tls is None else 'https'}://{self.host}"

    @property
    def paths(self) -> list[str]:
        """What was asked for: `GET /v2/_catalog`."""
        return [f"{one.method} {one.path}" for one in self.seen]

    def saw(self, secret: str) -> bool:
        """Whether any request held this."""
        return any(secret.encode() in one.raw for one in self.seen)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            while (seen := await _read(reader, writer)) is not None:
                self.seen.append(seen)
                if not await self._answer(self._find(seen), seen, writer):
                    break
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client, or the test, has had enough
        finally:
            self._connections.discard(task)
            writer.transport.abort()

    def _find(self, seen: Seen) -> Reply:
        route = self.routes.get(seen.path) or self.routes.get(seen.path.partition("?")[0], NOT_FOUND)
        if isinstance(route, list):
            return route.pop(0) if len(route) > 1 else route[0]
        return route if isinstance(route, Reply) else route(seen)

    async def _answer(self, reply: Reply, seen: Seen, writer: asyncio.StreamWriter) -> bool:
        """Send it; whether the connection is to be kept."""
        if reply.wait:
            await asyncio.sleep(reply.wait)
        if reply.raw is not None:
            writer.write(reply.raw)
            await writer.drain()
            return False
        headers = list(reply.headers.items() if isinstance(reply.headers, Mapping) else reply.headers)
        if not any(name.lower() in ("content-length", "transfer-encoding") for name, _ in headers):
            headers.append(("Content-Length", str(len(reply.body))))
        lines = [f"HTTP/1.1 {reply.status} Answer", *(f"{name}: {text}" for name, text in headers)]
        writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
        if seen.method != "HEAD":
            for byte in reply.body if reply.drip is not None else b"":
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(reply.drip or 0)
            if reply.drip is None:
                writer.write(reply.body[: reply.cut])
        await writer.drain()
        return reply.cut is None


async def _read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Seen | None:
    """One request; None at the end of the connection, and for what is no HTTP."""
    with contextlib.suppress(asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        first_byte = await reader.readexactly(1)
        if first_byte == TLS_HANDSHAKE:
            writer.write(b"HTTP/1.0 400 Bad Request\r\n\r\nThis server speaks plain HTTP.\n")
            await writer.drain()
            return None
        head = first_byte + await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")[:-2]
        if len(parts := first.split(" ")) == 3:
            headers = {name.strip().lower(): text.strip() for name, _, text in (line.partition(":") for line in lines)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            return Seen(parts[0], parts[1], headers, body, head + body)
    return None
