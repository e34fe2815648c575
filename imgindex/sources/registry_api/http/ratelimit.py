"""What a registry says of how often it may still be asked.

Docker Hub counts pulls: GETs of manifests, in a sliding window; HEAD is free.

    ratelimit-limit: 100;w=21600
    ratelimit-remaining: 76;w=21600

https://docs.docker.com/docker-hub/usage/pulls/
https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ (whose early versions have ratelimit-reset)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

_VALUE = re.compile(r"\s*(\d{1,12})\s*(?:,[^;]*)?(?:;.*?\bw=(\d{1,9}))?").match

_A_DATE = 1_000_000_000
"""A reset beyond this is no number of seconds to wait, but a time."""


class RateLimit(NamedTuple):
    """An allowance as the registry last stated it."""

    limit: int | None
    """How often it may be asked in a window."""
    remaining: int
    window_seconds: int | None
    reset_seconds: int | None
    """When the allowance is whole again, from the answer on; few say so. Some give the time since 1970 instead."""

    def seconds_to_wait(self, now: float) -> float | None:
        """How long it takes at most until there is an allowance again. `now`: seconds since 1970."""
        if self.reset_seconds is None:
            return self.window_seconds
        return max(0.0, self.reset_seconds - now) if self.reset_seconds > _A_DATE else self.reset_seconds

    def __str__(self) -> str:
        of = "" if self.limit is None else f" of {self.limit}"
        window = "" if self.window_seconds is None else f" in {self.window_seconds} s"
        return f"{self.remaining}{of} requests left{window}"


def read_ratelimit(headers: Mapping[str, str]) -> RateLimit | None:
    """The allowance that an answer's headers state, if they state one that can be read."""
    remaining = headers.get("ratelimit-remaining")
    if remaining is None or (left := _VALUE(remaining)) is None:
        return None
    whole = _VALUE(headers.get("ratelimit-limit", ""))
    reset = _VALUE(headers.get("ratelimit-reset", ""))
    window = left[2] or (whole[2] if whole else None)
    return RateLimit(
        int(whole[1]) if whole else None,
        int(left[1]),
        int(window) if window else None,
        int(reset[1]) if reset else None,
    )
