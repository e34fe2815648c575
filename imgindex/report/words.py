"""How values and columns are put into words for a reader: sizes in units, times to the minute, digests cut short.

size_in_words(1234567890) -> "1.23 GB"      heading_of("shared_bytes") -> "shared"
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

UNITS = ("kB", "MB", "GB", "TB", "PB", "EB")
SHORT_HEX = 12
"""How much of a digest's hex is shown, as Docker does."""
LEAST_IN_UNITS = 10_000
"""Sizes below are told in bytes."""

_HEADINGS = {
    "layer_bytes": "layer bytes",
    "split_bytes": "split bytes",
    "saved_percent": "share saved",
    "thing_count": "stands for",
}
"""Columns whose heading needs its unit, or other words, to be understood."""

DIGEST = re.compile(r"(?:sha256|sha384|sha512|blake3):[0-9a-f]{64,128}")


def size_in_words(size: int) -> str:
    """A number of bytes in decimal units, as Docker writes them, with three digits."""
    if abs(size) < LEAST_IN_UNITS:
        return f"{size:,} B"
    value = float(size)
    for unit in UNITS:
        value /= 1000
        if abs(value) < 999.5 or unit == UNITS[-1]:
            break
    digits = 2 if abs(value) < 9.995 else 1 if abs(value) < 99.95 else 0
    return f"{value:.{digits}f} {unit}"


def time_in_words(moment: datetime) -> str:
    """A time in UTC, to the minute; a day alone where it is midnight."""
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    midnight = (moment.hour, moment.minute, moment.second) == (0, 0, 0)
    return f"{moment:%Y-%m-%d}" if midnight else f"{moment:%Y-%m-%d %H:%M}"


def heading_of(column: str) -> str:
    """A column's name for a heading: `image_count` is `image count`, and bytes are told by their unit."""
    if column in _HEADINGS:
        return _HEADINGS[column]
    return column.removesuffix("_bytes").removesuffix("_at").removesuffix("_id").replace("_", " ") or column


def short_digest(digest: str) -> str:
    """The first digits of a digest's hex."""
    return digest.partition(":")[2][:SHORT_HEX]


def nothing_in_words(nothing: str) -> str:
    """What is said where a query answers no row."""
    return nothing or "There is nothing to show."
