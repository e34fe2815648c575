"""Who is told what goes over the wire."""

from __future__ import annotations

from typing import Protocol


class RequestLog(Protocol):
    """Where the client says what it does. Called on the event loop: it must not block."""

    def sent(self) -> None:
        """A request goes out, be it for a token or another attempt."""
        ...

    def received(self, size_bytes: int) -> None:
        """A body came in."""
        ...

    def waiting(self, seconds: float, reason: str) -> None:
        """The whole host is left alone for so long."""
        ...


class Unlogged:
    """For those who do not watch."""

    def sent(self) -> None: ...

    def received(self, size_bytes: int) -> None: ...

    def waiting(self, seconds: float, reason: str) -> None: ...
