"""What goes over the wire, told to whoever watches the scan."""

from __future__ import annotations

from imgindex.sources.base import Progress


class Watching:
    """Implements `http.log.RequestLog`. What happens before anybody watches is told to who does first."""

    def __init__(self) -> None:
        self._progress: Progress | None = None
        self._requests = 0
        self._bytes = 0
        self._waits: list[str] = []

    def watch(self, progress: Progress) -> None:
        self._progress = progress
        progress.tell("requests", self._requests)
        progress.advance(0, self._bytes)
        for text in self._waits:
            progress.say(text)

    def sent(self) -> None:
        if self._progress is None:
            self._requests += 1
        else:
            self._progress.tell("requests")

    def received(self, size_bytes: int) -> None:
        if self._progress is None:
            self._bytes += size_bytes
        else:
            self._progress.advance(0, size_bytes)

    def waiting(self, seconds: float, reason: str) -> None:
        text = f"waiting {seconds:.0f} s: {reason}"
        if self._progress is None:
            self._waits.append(text)
        else:
            self._progress.say(text)
