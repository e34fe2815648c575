"""What is odd about one document: noted while its rows are made, and turned into problem rows at the end.

An oddity is not a reason to leave a document out: its row says NULL where a value could not be taken, and the problem
row says why. There is one row a kind and document, however often it occurs. Details name places, never the text that is
there, which could be a secret.
"""

from __future__ import annotations

import msgspec

from imgindex.errors import quote
from imgindex.records.rows import Key, Problem

HISTORY_MISMATCH = "history_mismatch"
"""The non-empty history entries are not as many as the layers, so none is joined to its layer."""

NUMBER_OUT_OF_RANGE = "number_out_of_range"
"""A number is negative, broken or beyond 2^63-1; its column is NULL, its text is in extra."""

TIME_OUT_OF_RANGE = "time_out_of_range"
"""A time is no RFC 3339 time of the years 1 to 9999; its column is NULL, its text is in extra."""

TEXT_REPAIRED = "text_repaired"
"""NUL, half a surrogate pair or bytes that are no UTF-8 were replaced by U+FFFD."""

TEXT_CUT = "text_cut"
"""A text, name or JSON value was longer than the limit, and was cut; of JSON, whole members were left out."""

MEDIA_TYPE_MISMATCH = "media_type_mismatch"
"""The document was served or described as another media type than its body says or shows."""

INVALID_MEDIA_TYPE = "invalid_media_type"
"""A descriptor's media type is none by RFC 6838; it is kept as written."""

UNSUPPORTED_DIGEST = "unsupported_digest"
"""A descriptor's digest is of an algorithm that has no key, so it has no row."""

INCOMPLETE_PLATFORM = "incomplete_platform"
"""The platform of an index entry names an operating system or an architecture, and not both."""


class Findings(msgspec.Struct, gc=False):
    """The oddities of one document."""

    scope: Key
    digest: str
    document_key: Key
    details: dict[str, list[str]] = {}
    """By kind."""

    def add(self, kind: str, detail: str) -> None:
        """`detail` says where, or what, in text that holds nothing secret."""
        self.details.setdefault(kind, []).append(detail)

    def problems(self) -> list[Problem]:
        """One row a kind."""
        return [
            Problem(self.scope, self.digest, kind, self.digest, _sum_up(details), self.document_key)
            for kind, details in self.details.items()
        ]


def _sum_up(details: list[str]) -> str:
    first, more = quote(details[0], 400), len(details) - 1
    return f"{first} and {more} more" if more else first
