"""What goes over the wire, told to whoever watches the scan."""

from __future__ import annotations

from imgindex.sources.base import Progress


class Watching:
    """Implements `http.log.RequestLog`."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def sent(self) -> None:
        self._progress.tell("requests")

    def received(self, size_bytes: int) -> None:
        self._progress.advance(0, size_bytes)

    def waiting(self, seconds: float, reason: str) -> None:
        self._progress.say(f"waiting {seconds:.0f} s: {reason}")
