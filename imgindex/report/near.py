"""What somebody may have meant, for the messages about a report's file."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

SHOWN = 30
"""How many names a message lists."""


def near_misses(name: str, known: Iterable[str]) -> str:
    """A sentence to put behind a refusal: the names that are nearly this one, else all there are."""
    names = list(known)
    if near := difflib.get_close_matches(name, names, n=3, cutoff=0.6):
        return f" Did you mean {' or '.join(near)}?"
    more = ", …" if len(names) > SHOWN else ""
    return f" There are: {', '.join(names[:SHOWN])}{more}." if names else " There are none."
