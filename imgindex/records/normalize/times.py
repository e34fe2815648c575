"""Times of history entries and images, read fast: there are twenty of them in an image, and most occur nowhere else.

Docker, BuildKit and buildah all write `2015-10-31T22:22:56.015925234Z`. Of this form day, minute and second are known
from earlier texts, and only the fraction is read; any other form, and each of these parts when first seen, goes to
`parse_time`, so that there is one opinion on what a time is.

    read_time("2015-10-31T22:22:56.015925234Z") -> 1446330176015925
"""

from __future__ import annotations

from imgindex.oci.timestamps import parse_time
from imgindex.records.normalize.memo import Memo
from imgindex.records.rows import Micros

_days: Memo[str, Micros | None] = Memo(lambda day: parse_time(f"{day}00:00:00Z"))
_minutes: Memo[str, Micros | None] = Memo(lambda minute: parse_time(f"1970-01-01T{minute}00Z"))
_seconds: Memo[str, Micros | None] = Memo(lambda second: parse_time(f"1970-01-01T00:00:{second}Z"))


def read_time(text: str) -> Micros | None:
    """The same as `parse_time`."""
    fraction = text[20:-1]
    if len(fraction) < 6 or text[19] != "." or text[-1] != "Z" or not (fraction.isdigit() and fraction.isascii()):
        return parse_time(text)
    day, minute, second = _days[text[:11]], _minutes[text[11:17]], _seconds[text[17:19]]
    if day is None or minute is None or second is None:
        return None
    return day + minute + second + int(fraction[:6])
