"""Times: RFC 3339 text to microseconds since 1970-01-01 UTC, and back.

Documents write nanoseconds and any offset; a column holds microseconds in UTC. Digits beyond the sixth are cut off, so
a time moves towards the past, before 1970 too. A leap second (`:60`) is refused, as Go's parser refuses it, and so are
the loose forms that Python's own parser takes. "No time" stays a time: Go's zero `0001-01-01T00:00:00Z` is valid, and
what it means is for the caller to say.

https://www.rfc-editor.org/rfc/rfc3339#section-5.6

    parse_time("2015-10-31T22:22:56.015925234Z") -> 1446330176015925
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

_MEMO_CHARS = 64
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.toordinal()
_LEAST = (1 - _EPOCH_DAY) * 86_400_000_000
_BEYOND = (date.max.toordinal() + 1 - _EPOCH_DAY) * 86_400_000_000
_RFC3339 = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]"
    r"([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])(?:\.([0-9]{1,6})[0-9]*)?"
    r"(?:[Zz]|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))"
)


def parse_time(text: str) -> int | None:
    """Microseconds since 1970-01-01 UTC; None for other text, and for a time outside the years 1 to 9999 in UTC."""
    return _parse(text) if len(text) <= _MEMO_CHARS else _parse.__wrapped__(text)


@lru_cache(maxsize=16_384)
def _parse(text: str) -> int | None:
    match = _RFC3339.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, sign, offset_hours, offset_minutes = match.groups()
    seconds = int(hour) * 3600 + int(minute) * 60 + int(second)
    if sign is not None:
        offset = int(offset_hours) * 3600 + int(offset_minutes) * 60
        seconds += offset if sign == "-" else -offset
    micros = 0 if fraction is None else int(fraction.ljust(6, "0"))
    try:
        days = _days(int(year), int(month), int(day))
    except ValueError:
        return None
    total = (days * 86_400 + seconds) * 1_000_000 + micros
    return total if _LEAST <= total < _BEYOND else None


def _days(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01. Raises ValueError for a day that no calendar has."""
    if year == 0:
        # The last hours of year 0 are year 1 in UTC under a negative offset; the calendar repeats every 400 years.
        return date(400, month, day).toordinal() - 146_097 - _EPOCH_DAY
    return date(year, month, day).toordinal() - _EPOCH_DAY


def format_time(micros: int) -> str:
    """ISO 8601 in UTC with `Z`, and six digits of fraction or none. Takes what `parse_time` gives."""
    return (_EPOCH + timedelta(microseconds=micros)).replace(tzinfo=None).isoformat() + "Z"
