"""What a registry answered, whole and bounded.

Answer(200, {"Docker-Content-Digest": "sha256:…"}, b"{…}", "https://registry.example/v2/team/web/manifests/1.2")
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that was asked for: its body was read to the end."""

    status: int
    """2xx, or one of the statuses that the caller expected."""
    headers: Mapping[str, str]
    """By names of any case; of a header that came twice, the first."""
    body: bytes
    """Empty for HEAD; never more than the caller's limit."""
    url: str
    """Where it came from, without user name, password or the query of a redirect's address."""
