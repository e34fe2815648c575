"""One value as text and as JSON, and how hostile text is shown."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgindex.query.formats.cells import json_of, printable, text_of
from imgindex.query.result import Column

MOMENT = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)

VALUES: dict[str, tuple[object, str | None, str]] = {
    "NULL": (None, None, "null"),
    "empty text": ("", "", '""'),
    "text": ('a "b"', 'a "b"', '"a \\"b\\""'),
    "true": (True, "true", "true"),
    "integer": (-5, "-5", "-5"),
    "integer beyond 64 bits": (10**30, str(10**30), str(10**30)),
    "float": (0.1, "0.1", "0.1"),
    "not a number": (math.nan, "NaN", '"NaN"'),
    "minus infinity": (-math.inf, "-Infinity", '"-Infinity"'),
    "decimal keeps its digits": (Decimal("1.50"), "1.50", "1.50"),
    "large decimal": (Decimal("1E+3"), "1000", "1000"),
    "decimal that is no number": (Decimal("NaN"), "NaN", '"NaN"'),
    "time in UTC": (MOMENT, "2026-01-31T12:00:00Z", '"2026-01-31T12:00:00Z"'),
    "time with microseconds": (
        MOMENT.replace(microsecond=1),
        "2026-01-31T12:00:00.000001Z",
        '"2026-01-31T12:00:00.000001Z"',
    ),
    "time elsewhere": (
        datetime(2026, 1, 31, 14, 0, tzinfo=timezone(timedelta(hours=2))),
        "2026-01-31T12:00:00Z",
        '"2026-01-31T12:00:00Z"',
    ),
    "time without a zone": (MOMENT.replace(hour=0, tzinfo=None), "2026-01-31T00:00:00", '"2026-01-31T00:00:00"'),
    "day": (date(2026, 1, 31), "2026-01-31", '"2026-01-31"'),
    "time of day": (time(1, 2, 3), "01:02:03", '"01:02:03"'),
    "interval": (timedelta(days=3, seconds=1, microseconds=500), "P3DT1.0005S", '"P3DT1.0005S"'),
    "interval back": (timedelta(seconds=-1), "-P0DT1S", '"-P0DT1S"'),
    "UUID": (UUID(int=1), "00000000-0000-0000-0000-000000000001", '"00000000-0000-0000-0000-000000000001"'),
    "bytes": (b"\x00\xff", "00ff", '"00ff"'),
    "list": ([1, None, "é"], '[1, null, "é"]', '[1, null, "é"]'),
    "struct": ({"at": MOMENT, "n": Decimal("2.5")}, '{"at": "2026-01-31T12:00:00Z", "n": 2.5}', ""),
    "map with numbers for keys": ({1: math.inf}, '{"1": "Infinity"}', ""),
}


@pytest.mark.parametrize(("value", "text", "written"), VALUES.values(), ids=VALUES.keys())
def test_a_value_has_one_text(value: object, text: str | None, written: str) -> None:
    assert text == text_of(value)
    assert (written or text) == json_of(value)


def test_a_time_without_a_zone_is_utc_where_the_column_says_so() -> None:
    assert text_of(MOMENT.replace(year=9999, tzinfo=None), Column("at", "TIMESTAMPTZ")) == "9999-01-31T12:00:00Z"


def test_keys_are_strings_in_json_and_sizes_are_integers() -> None:
    assert json_of(2**53 + 1, Column("layer_key", "BIGINT")) == '"9007199254740993"'
    assert json_of(2**53 + 1, Column("size_bytes", "BIGINT")) == "9007199254740993"
    assert json_of(None, Column("layer_key", "BIGINT")) == "null"


@given(st.text())
def test_json_is_json_and_holds_no_control_character(text: str) -> None:
    written = json_of(text)
    assert text == json.loads(written)
    assert not any(character < " " or "\x7f" <= character <= "\x9f" for character in written)


@given(st.text())
def test_printable_text_is_printable(text: str) -> None:
    assert printable(text).isprintable()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\tb", "a\\tb"),
        ("\u202egpj", "\\u202egpj"),
        ("\x9b1m", "\\x9b1m"),
        ("größe ☃", "größe ☃"),
        ("a\nb", "a\\nb"),
    ],
)
def test_what_a_terminal_would_obey_is_shown(text: str, shown: str) -> None:
    assert shown == printable(text)


def test_line_breaks_can_be_kept() -> None:
    assert printable("a\nb\r", keep="\n") == "a\nb\\r"
