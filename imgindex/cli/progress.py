"""How far an ingest is, on stderr: a bar on a terminal, a line a source elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, TextIO

from imgindex.cli.output import note
from imgindex.errors import quote

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Lines:
    """A line when something is begun: for logs."""

    def __init__(self, verb: str = "Reading") -> None:
        self._verb = verb

    def start(self, source: str) -> None:
        note(f"{self._verb} {quote(source)}")

    def expect(self, documents: int) -> None:
        pass

    def advance(self, documents: int = 1, bytes_read: int = 0) -> None:
        pass

    def tell(self, noun: str, count: int = 1) -> None:
        pass

    def say(self, text: str) -> None:
        note(quote(text, 400))

    def finish(self) -> None:
        pass


class Bar:
    """Documents done of those expected, their rate, and the time left; of a registry, what was found, and requests."""

    REFRESH_SECONDS = 0.1

    def __init__(self, file: TextIO | None = None) -> None:
        """`file`: where to draw; stderr if None."""
        self._file = file or sys.stderr
        self._progress: Progress | None = None
        self._task: TaskID | None = None
        self._done = 0
        self._bytes = 0
        self._expected = 0
        self._told: dict[str, int] = {}
        self._started_at = 0.0
        self._shown_at = 0.0

    def start(self, source: str) -> None:
        from rich.console import Console
        from rich.markup import escape
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self.finish()
        self._done = self._bytes = self._expected = 0
        self._told = {}
        self._started_at = time.monotonic()
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[done]}  {task.fields[rate]}"),
            TimeRemainingColumn(compact=True),
            console=Console(file=self._file),
            transient=True,
        )
        self._task = self._progress.add_task(escape(quote(source, 60)), total=None, done="", rate="")
        self._progress.start()

    def expect(self, documents: int) -> None:
        self._expected += documents
        self._show()

    def advance(self, documents: int = 1, bytes_read: int = 0) -> None:
        self._done += documents
        self._bytes += bytes_read
        self._show()

    def tell(self, noun: str, count: int = 1) -> None:
        self._told[noun] = self._told.get(noun, 0) + count
        self._show()

    def say(self, text: str) -> None:
        if self._progress is not None:
            self._progress.console.print(quote(text, 400), markup=False, highlight=False)

    def finish(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def _show(self) -> None:
        """A source says what it did thousands of times a second; the bar is told less often."""
        now = time.monotonic()
        if self._progress is None or self._task is None or now - self._shown_at < self.REFRESH_SECONDS:
            return
        self._shown_at = now
        seconds = max(now - self._started_at, self.REFRESH_SECONDS, 0.001)
        told = dict(self._told)
        requests = told.pop("requests", None)
        done = ", ".join(f"{count:,} {noun}" for noun, count in told.items()) or f"{self._done:,} documents"
        per_second = f"{self._done / seconds:,.0f}/s" if requests is None else f"{requests / seconds:,.0f} requests/s"
        rate = f"{per_second}  {self._bytes / 1e6:,.1f} MB"
        self._progress.update(self._task, completed=self._done, total=self._expected or None, done=done, rate=rate)


def make_watch(verb: str = "Reading") -> Lines | Bar:
    """What fits stderr; `verb`: what is done with what `start` names."""
    return Bar() if sys.stderr.isatty() else Lines(verb)
