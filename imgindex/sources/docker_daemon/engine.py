"""The Engine API over a Unix socket, as far as it reads. Nothing is created, pulled, started or removed.

Docker's engine and podman's service answer to it. Requests name no version, so that each answers with its own newest;
only members that all of them have are read.

https://docs.docker.com/reference/api/engine/

    with Engine("/var/run/docker.sock", limits) as engine:
        engine.get("/images/json?all=1", list[Summary])
"""

from __future__ import annotations

import http.client
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TypeVar

import msgspec

from imgindex.errors import (
    ContentError,
    LimitExceededError,
    MalformedError,
    MissingError,
    SourceUnavailableError,
    quote,
)
from imgindex.limits import Limits
from imgindex.oci.repair import repair

T = TypeVar("T")

SECONDS = 120
"""How long the engine may keep silent: it looks at every layer before it lists images for the first time."""


class RefusedError(ContentError):
    """The engine refuses to show one thing."""

    kind = "unreadable"


class Engine:
    """The engine behind the socket at `path`. One request at a time."""

    def __init__(self, path: str, limits: Limits) -> None:
        """Raises SourceUnavailableError where nobody answers."""
        self.path = os.path.realpath(path)
        self._limits = limits
        self._connection = _Connection(self.path)
        try:
            self._connection.connect()
        except OSError as error:
            raise SourceUnavailableError(
                f"no engine answers at {quote(path)}: {error.strerror or error}. Is it running, "
                "and may you use its socket?"
            ) from error

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def get(self, path: str, kind: type[T]) -> T:
        """The decoded answer.

        Raises:
            MissingError: there is no such thing, or no longer.
            RefusedError, MalformedError, LimitExceededError: as they say.
            SourceUnavailableError: the engine went away.
        """
        with self.stream(path) as answer:
            try:
                data = answer.read(self._limits.listing_bytes + 1)
            except (OSError, http.client.HTTPException) as error:
                raise self._gone(error) from error
        if len(data) > self._limits.listing_bytes:
            raise LimitExceededError(f"an answer of more than the {self._limits.listing_bytes} bytes allowed")
        try:
            return msgspec.json.decode(repair(data), type=kind)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise MalformedError(f"the engine's answer is none: {quote(error)}") from error

    @contextmanager
    def stream(self, path: str) -> Iterator[http.client.HTTPResponse]:
        """The answer, to be read. Raises as `get`."""
        try:
            self._connection.request("GET", path, headers={"Host": "docker", "Accept-Encoding": "identity"})
            answer = self._connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            raise self._gone(error) from error
        try:
            if answer.status != 200:
                raise _refusal(answer)
            yield answer
        finally:
            if not answer.isclosed():  # the rest of it is of no use to the next request
                self._connection.close()

    def _gone(self, error: Exception) -> SourceUnavailableError:
        self._connection.close()
        return SourceUnavailableError(f"the engine at {quote(self.path)} went away: {quote(error)}")


class _Connection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("docker", timeout=SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(SECONDS)
        try:
            self.sock.connect(self._path)
        except OSError:
            self.sock.close()
            raise


def _refusal(answer: http.client.HTTPResponse) -> ContentError:
    text = answer.read(4096).decode("utf-8", "replace")
    try:
        said = json.loads(text)["message"]
    except (ValueError, KeyError, TypeError):
        said = text
    kind = MissingError if answer.status == 404 else RefusedError
    return kind(f"the engine answers {answer.status}: {quote(said)}")
