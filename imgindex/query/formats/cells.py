"""How one value is written: the same text in every format.

    text_of(1048576) -> "1048576"      text_of(datetime(2026, 1, 31, 12, 0, tzinfo=UTC)) -> "2026-01-31T12:00:00Z"
    text_of(None) -> None              text_of([1, None]) -> "[1, null]"

Text from a store is hostile: `printable` makes every character that a terminal would obey, or that reorders a line,
visible instead.
"""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from imgindex.query.result import Column


def _number(value: object) -> int | float:
    """A decimal within a list or struct."""
    assert isinstance(value, Decimal)
    return int(value) if value == value.to_integral_value() else float(value)


_JSON = json.JSONEncoder(ensure_ascii=False, default=_number)


def text_of(value: object, column: Column | None = None) -> str | None:
    """The text of a value, None for NULL. The column tells whether a time without an offset is in UTC."""
    plain = plain_of(value, column)
    match plain:
        case None | str():
            return plain
        case bool():
            return "true" if plain else "false"
        case Decimal():
            return format(plain, "f")
        case int() | float():
            return str(plain)
        case _:
            return json_of(plain)


def json_of(value: object, column: Column | None = None) -> str:
    """The JSON of a value. A key is a string, since a double holds integers up to 2^53 only."""
    plain = plain_of(value, column)
    if isinstance(plain, Decimal):
        return format(plain, "f")  # json knows no decimals, and a float would lose digits.
    if column is not None and column.name.endswith("_key") and isinstance(plain, int):
        plain = str(plain)
    written = _JSON.encode(plain)
    return written if written.isprintable() else "".join(_escaped(character) for character in written)


def plain_of(value: object, column: Column | None = None) -> Any:
    """A value of None, str, bool, int, float, Decimal, and lists and dicts of these."""
    match value:
        case None | str() | bool() | int():
            return value
        case float():
            return value if math.isfinite(value) else {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
        case Decimal():
            return value if value.is_finite() else str(value)
        case datetime():
            return _moment(value, column)
        case date() | time():
            return value.isoformat()
        case timedelta():
            return _duration(value)
        case bytes() | bytearray() | memoryview():
            return bytes(value).hex()
        case dict():
            return {text_of(key) or "": plain_of(item) for key, item in value.items()}
        case list() | tuple():
            return [plain_of(item) for item in value]
        case _:
            return str(value)


def printable(text: str, keep: str = "") -> str:
    """The text with what is not printable written as an escape, except the characters to keep."""
    if text.isprintable():
        return text
    return "".join(
        character
        if character.isprintable() or character in keep
        else character.encode("unicode_escape", "backslashreplace").decode()
        for character in text
    )


def _escaped(character: str) -> str:
    """JSON leaves DEL and the C1 controls as they are, but a terminal may obey them."""
    return f"\\u{ord(character):04x}" if "\x7f" <= character <= "\x9f" else character


def _moment(value: datetime, column: Column | None) -> str:
    if value.tzinfo is None:
        in_utc = column is not None and column.type == "TIMESTAMPTZ"
        return value.isoformat() + ("Z" if in_utc else "")
    return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _duration(value: timedelta) -> str:
    """ISO 8601: P3DT0.5S."""
    sign, value = ("-", -value) if value < timedelta() else ("", value)
    seconds = (
        f"{value.seconds}.{value.microseconds:06d}".rstrip("0").rstrip(".") if value.microseconds else value.seconds
    )
    return f"{sign}P{value.days}DT{seconds}S"
