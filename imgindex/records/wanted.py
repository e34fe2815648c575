"""A document that the index should hold: what a manifest refers to, or what a store lists; and what it reaches."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from imgindex.records.rows import Key

Role: TypeAlias = Literal["manifest", "config"]


class Wanted(NamedTuple):
    """`size` and `media_type` are what the descriptor declares, if anything."""

    digest: str
    role: Role
    media_type: str | None = None
    size: int | None = None


class Reached(NamedTuple):
    """A document in a scope: asked for, or reached there through documents that the index holds."""

    scope: Key
    wanted: Wanted
    parent: str | None
    """Digest of a document that refers to it; None if it was asked for, or refers itself to another."""
    depth: int
    """0 = asked for."""
    is_known: bool
    """The index holds the document, and the last look at the scope did not miss it."""
    size: int | None
    """In bytes, as verified or as the source held it before."""
    platform: str | None
    """That of the index entry which names it, normalised."""
