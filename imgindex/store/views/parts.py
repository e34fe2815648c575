"""What a view is made of: its name, what one row is, its columns with types and comments, and the query.

The SQL is the same text on every engine: plain joins, every SUM cast to BIGINT, no engine's own functions. PostgreSQL
plans it by how many rows it expects, and knows nothing of computed columns: it takes `place = 1` for one row of 200 but
`place <= 1` for one of three, and a join of computed rows by five columns for a single row, which it then loops over. So
filters on computed columns are ranges here, and joins go by as few columns as tell rows apart: a source has one index
that speaks for it, so `source_key` says enough where `source_streams` was joined.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

ColumnSpec: TypeAlias = tuple[str, str, str]
"""Name, type (BIGINT, TEXT, BOOLEAN, TIMESTAMPTZ or UUID), comment."""


@dataclass(frozen=True, slots=True)
class View:
    """`internal` views carry the others; their names and columns are no contract."""

    name: str
    key: tuple[str, ...]
    about: str
    columns: tuple[ColumnSpec, ...]
    sql: str
    internal: bool = False

    @property
    def comment(self) -> str:
        """What the database and the documents say of it; starts with the key."""
        note = " Carries other views; may change." if self.internal else ""
        return f"Key: {', '.join(self.key)}. {self.about}{note}"


SOURCE: ColumnSpec = ("source", "TEXT", "Name of the source.")
REPOSITORY: ColumnSpec = ("repository", "TEXT", "Full name with registry; NULL for a layout's bare refs.")
TAG: ColumnSpec = ("tag", "TEXT", "The tag.")
IMAGE_ID: ColumnSpec = ("image_id", "TEXT", "Digest of the image's config.")
PLATFORM: ColumnSpec = ("platform", "TEXT", "os/architecture[/variant], normalised; NULL if unknown.")
MANIFEST: ColumnSpec = ("manifest_digest", "TEXT", "Digest of the manifest.")
BASIS: ColumnSpec = ("basis", "TEXT", "What is counted: compressed, uncompressed or on_disk.")
SET_AT: ColumnSpec = ("set_at", "TIMESTAMPTZ", "When the store says it was set; NULL if it does not say.")
FIRST_SEEN: ColumnSpec = ("first_seen_at", "TIMESTAMPTZ", "Our first sight of it.")
LAST_SEEN: ColumnSpec = ("last_seen_at", "TIMESTAMPTZ", "Our last sight of it.")
EVIDENCE: ColumnSpec = ("evidence", "TEXT", "observed, or recovered from what lies on the disk.")
TARGET_KIND: ColumnSpec = ("target_kind", "TEXT", "image or manifest: what the target's digest names.")

MAY_BE_IMAGE = "(l.role = 'image' OR (l.role = 'unknown' AND l.media_type IS NULL))"
"""Of a leaf of an index that was not read: its descriptor leaves it open that it is an image."""

MOST_BYTES = 2**63 - 1
"""The largest BIGINT."""


def total(expression: str) -> str:
    """The sum as BIGINT; NULL beyond that, which only descriptors that lie about their sizes can reach."""
    return f"CASE WHEN SUM({expression}) <= {MOST_BYTES} THEN CAST(SUM({expression}) AS BIGINT) END"
