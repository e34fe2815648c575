"""How fast one host may be asked: so many requests at once, and none while it wants to be left alone.

https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3 (Retry-After: seconds, or a date)
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from imgindex.sources.registry_api.http.errors import ThrottledError
from imgindex.sources.registry_api.http.ratelimit import RateLimit, read_ratelimit

SPREAD = 0.1
"""A wait grows by up to this share of it, so that not all go on at the same moment; by a second at most."""


class Pace:
    """One host's pace."""

    def __init__(self, jobs: int) -> None:
        self.slots = asyncio.Semaphore(jobs)
        self.answered = False
        """Whether it has ever answered: then a refused connection is a passing trouble, else rather a wrong name."""
        self.ratelimit: RateLimit | None = None
        self._until = 0.0
        self._renewed_at = 0.0

    async def wait(self) -> None:
        """Return when the host may be asked again."""
        while (left := self._until - time.monotonic()) > 0:
            await asyncio.sleep(left + random.uniform(0, min(1.0, left * SPREAD)))  # noqa: S311 - no secret

    def hold(self, seconds: float) -> None:
        """Leave the host alone for so long, from now on."""
        self._until = max(self._until, time.monotonic() + seconds)

    def note(self, headers: Mapping[str, str]) -> None:
        """Take what an answer says of the allowance."""
        self.answered = True
        if (stated := read_ratelimit(headers)) is not None:
            self.ratelimit = stated
            self._renewed_at = time.monotonic() + (stated.seconds_to_wait(time.time()) or 0)

    def check_allowance(self, longest: float) -> None:
        """Hold where the allowance is spent. Raises `ThrottledError` if that is for more than `longest` seconds."""
        if self.ratelimit is None or self.ratelimit.remaining > 0:
            return
        left = self._renewed_at - time.monotonic()
        if left > longest:
            raise ThrottledError(f"the registry's allowance is spent: {self.ratelimit}", retry_after=left)
        if left > 0:
            self.hold(left)


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait as an answer's Retry-After says; None where it says nothing that can be read."""
    text = headers.get("Retry-After", "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (date - datetime.now(UTC)).total_seconds())
