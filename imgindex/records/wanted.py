"""A document that the index should hold: what a manifest refers to, or what a store lists."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

Role: TypeAlias = Literal["manifest", "config"]


class Wanted(NamedTuple):
    """`size` and `media_type` are what the descriptor declares, if anything."""

    digest: str
    role: Role
    media_type: str | None = None
    size: int | None = None
