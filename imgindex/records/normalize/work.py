"""What the making of one document's rows has at hand, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterable, Sized
from typing import Any

import msgspec

from imgindex.errors import LimitExceededError
from imgindex.limits import Limits
from imgindex.oci.decode import Reading
from imgindex.oci.descriptor import digest_at
from imgindex.oci.fitting import Path, json_path, put_aside
from imgindex.records.keys import Keyring
from imgindex.records.normalize import findings as kinds
from imgindex.records.normalize.findings import Findings
from imgindex.records.normalize.text import Texts
from imgindex.records.normalize.times import read_time
from imgindex.records.rows import Key, Micros, Record
from imgindex.records.wanted import Wanted

_GREATEST = 2**63 - 1


class NormalizedManifest(msgspec.Struct, gc=False):
    """A manifest's rows, and the documents it refers to: its config if it is an image, its children, its subject."""

    records: list[Record]
    references: list[Wanted]


class Work(msgspec.Struct, gc=False):
    """One document on its way to rows."""

    keys: Keyring
    texts: Texts
    limits: Limits
    key: Key
    """The document's own."""
    findings: Findings

    def digest_at(self, digest: str | None, path: str) -> str | None:
        """A descriptor's digest; None, and a problem, where it is of an algorithm that has no key.

        Raises `MalformedError` where it is missing or no digest.
        """
        parsed = digest_at(digest, path)
        if parsed is None:
            self.findings.add(kinds.UNSUPPORTED_DIGEST, path)
        return parsed

    def media_type_at(self, media_type: str | None, path: str) -> str | None:
        """A descriptor's media type as it is kept; a problem where it is none."""
        known = self.texts.media_types[media_type]
        if not known.is_well_formed:
            self.findings.add(kinds.INVALID_MEDIA_TYPE, path)
        return known.text

    def time_at(self, text: str | None, path: Path, extra: dict[str, Any]) -> Micros | None:
        """Microseconds since 1970; None, and a problem, where the text is no time: it goes to the extra."""
        if text is None:
            return None
        time = read_time(text)
        if time is None:
            self.findings.add(kinds.TIME_OUT_OF_RANGE, json_path(path))
            put_aside(extra, path, text)
        return time

    def sum_of(self, sizes: Iterable[int | None], path: str) -> int | None:
        """The sum in bytes; None if one of them is unknown, and, with a problem, if no column holds it."""
        total = 0
        for size in sizes:
            if size is None:
                return None
            total += size
        if total > _GREATEST:
            self.findings.add(kinds.NUMBER_OUT_OF_RANGE, path)
            return None
        return total

    def note_numbers(self, reading: Reading[Any]) -> None:
        """A problem where numbers of the document are in its extra."""
        for path in reading.outside:
            self.findings.add(kinds.NUMBER_OUT_OF_RANGE, path)

    def finish(self, repaired: bool) -> list[Record]:
        """The problem rows."""
        cuts = self.texts.take_cuts()
        if cuts:
            self.findings.add(kinds.TEXT_CUT, f"{cuts} texts were cut or left out in part")
        if repaired:
            self.findings.add(kinds.TEXT_REPAIRED, "text that no column can hold became U+FFFD")
        return [*self.findings.problems()]


def refuse_more(what: str, count: int, most: int) -> None:
    """Raises `LimitExceededError` if there are more than `most`."""
    if count > most:
        raise LimitExceededError(f"{count} {what}, and {most} are the limit")


def refuse_long(what: str, things: Sized | None, most: int) -> None:
    """The same for what may be absent."""
    if things is not None and len(things) > most:
        refuse_more(what, len(things), most)
