"""How one value of an answer is shown on a page: short to the eye, with the exact value behind it.

Sizes are units of three digits, numbers have thin separators, times are minutes of UTC, a digest is its first 12
digits. The text of a store is made printable here, so a name can neither reorder a line nor hide itself.

    show(1201234567, Column("size_bytes", "BIGINT")) -> Shown("bytes", "1.20 GB", "1201234567")
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from math import isfinite
from typing import NamedTuple

from imgindex.query.formats.cells import printable, text_of
from imgindex.query.result import Column
from imgindex.report.words import heading_of, size_in_words

THIN = "\u202f"
"""A narrow blank that no line is broken at."""
MOST_TEXT = 2000
"""The most characters of one value that a page has; the rest is counted."""
MOST_HINT = 200
"""The most characters of one line of a hint: charts have many."""
MOST_LABEL = 90
"""The most characters of a label of a chart."""
LONG_TEXT = 110
"""Text beyond this is folded away until somebody asks for it."""

LONG_NAME = 42
"""A name up to this long stays on one line, where the screen is wide enough."""

_MOMENT = re.compile(r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z")
"""A time that a query has written as text, among facts of other kinds."""
_NOTHING = {"repository": "names without a repository", "other_repository": "names without a repository"}
_PHRASES = {
    "size_bytes": "size",
    "layer_bytes": "bytes of layers",
    "split_bytes": "bytes, those of shared layers split,",
    "referenced_bytes": "bytes without sharing",
    "used_by": "how many images use the layer",
    "names": "image",
    "created_by": "the command that made the layer",
    "image_count": "images that start with it",
    "move_count": "moves",
    "target_digest": "digest",
}
"""Names of columns that do not read well within a sentence."""

_SHELL = re.compile(r"^/bin/sh -c (?:#\(nop\) )?")
"""What every command of a classic build starts with."""
_DIGEST = re.compile(r"(?P<algorithm>[a-z0-9]+(?:[.+_-][a-z0-9]+)*:)(?P<start>[0-9a-f]{12})(?P<rest>[0-9a-f]{20,})")


class Shown(NamedTuple):
    """A value as a page shows it."""

    kind: str
    """none, number, bytes, percent, time, digest, flag or text."""
    text: str
    exact: str
    """The value whole, as every other format writes it: what is sorted by, copied, and shown on hover."""

    @property
    def is_name(self) -> bool:
        """Whether it is one short word, which should not be broken at its hyphens."""
        return self.kind == "text" and len(self.text) <= LONG_NAME and not re.search(r"\s", self.text)

    @property
    def digest(self) -> dict[str, str] | None:
        """The parts of a digest: `algorithm`, `start` and `rest`."""
        found = _DIGEST.fullmatch(self.exact) if self.kind == "digest" else None
        return found.groupdict() if found else None


def show(value: object, column: Column) -> Shown:
    """What a cell of this column shows."""
    match value:
        case None:
            return Shown("none", "–", "")
        case bool():
            return Shown("flag", "yes" if value else "no", "true" if value else "false")
        case int() | Decimal() | float() if column.name.endswith("_bytes") and isfinite(value) and value == value // 1:
            return Shown("bytes", bytes_text(int(value)), str(int(value)))
        case int() | Decimal() | float():
            exact = text_of(value, column) or ""
            if column.name.endswith("_percent"):
                return Shown("percent", f"{grouped(exact)}{THIN}%", exact)
            return Shown("number", exact if column.name.endswith("_key") else grouped(exact), exact)
        case datetime():
            return _show_time(value, column)
        case _:
            return _show_text(text_of(value, column) or "")


def bytes_text(size: int) -> str:
    """A size in the units that every format has, the digits parted thinly."""
    return size_in_words(size).replace(",", THIN).replace(" ", THIN)


def grouped(number: str | int) -> str:
    """The digits before the point in groups of three: 12345.67 -> 12 345.67."""
    whole, point, rest = str(number).partition(".")
    if not whole.lstrip("-").isdecimal():
        return str(number)
    return f"{int(whole):,}".replace(",", THIN) + point + rest if int(whole) else whole + point + rest


def time_text(moment: datetime) -> str:
    """A moment to the minute in UTC; the day alone where it is midnight, as days and months are told."""
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    written = moment.isoformat(" ")
    return written[:10] if written[11:19] == "00:00:00" else f"{written[:16]} UTC"


def plain(text: object, most: int = MOST_TEXT) -> str:
    """Text of a store on one line, at most so many characters of it."""
    return cut(printable(str(text)), most)


def trim(shown: Shown) -> Shown:
    """The same with what is folded away cut off; the rest is counted."""
    if shown.kind != "text" or len(shown.text) <= LONG_TEXT:
        return shown
    text = _cut_and_count(shown.text, LONG_TEXT)
    return Shown("text", text, text)


def one_line(value: object, column: Column) -> str:
    """A value as the table shows it, on one line; what is not there is none."""
    shown = show(value, column)
    return nothing_of(column) if shown.kind == "none" else shown.text.replace("\n", " ")


def nothing_of(column: Column) -> str:
    """What a chart calls a value that is not there, as the queries do that name it themselves."""
    return _NOTHING.get(column.name, "none")


def cut(words: str, most: int = MOST_HINT) -> str:
    """The words, or their start and an ellipsis."""
    return words if len(words) <= most else words[: most - 1] + "…"


def short(value: object, column: Column) -> str:
    """A value as a chart's label has it: a digest is cut to its first digits."""
    shown = show(value, column)
    if found := shown.digest:
        return found["start"]
    if shown.kind == "text":
        words = _SHELL.sub("", _first_of(" ".join(shown.text.split())))
        return cut(words or "empty", MOST_LABEL)
    return nothing_of(column) if shown.kind == "none" else shown.text


def _first_of(text: str) -> str:
    """The first of several names, and how many more there are."""
    names = text.split(", ")
    if len(names) == 1 or any(" " in name for name in names):
        return text
    return f"{names[0]} +{len(names) - 1}"


def phrase(column: Column) -> str:
    """A column's name within a sentence: size_bytes is size."""
    return _PHRASES.get(column.name) or printable(column.name).replace("_", " ")


def heading(column: Column) -> str:
    """A column's name for people: size_bytes is size."""
    return printable(heading_of(column.name))


def _show_time(value: datetime, column: Column) -> Shown:
    exact = text_of(value, column) or ""
    if column.type == "TIMESTAMPTZ" and (value.tzinfo is None or value.astimezone(UTC)):
        return Shown("time", time_text(value), exact if exact.endswith("Z") else exact + "Z")
    return Shown("time", exact.replace("T", " "), exact)


def _show_text(text: str) -> Shown:
    if _DIGEST.fullmatch(text):
        return Shown("digest", text, text)
    if _MOMENT.fullmatch(text):
        return Shown("time", f"{text[:10]} {text[11:16]} UTC", text)
    shown = printable(text.replace("\r\n", "\n"), keep="\n\t")
    if len(shown) > MOST_TEXT:
        shown = _cut_and_count(shown, MOST_TEXT)
    return Shown("text", shown, shown)


def _cut_and_count(text: str, most: int) -> str:
    return f"{text[:most]}… and {grouped(len(text) - most)} more characters"
