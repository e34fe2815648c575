"""How a value is shown, and what is behind it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from imgindex.query.result import Column
from imgindex.report.html.shown import LONG_TEXT, MOST_LABEL, MOST_TEXT, bytes_text, grouped, short, show

DIGEST = "sha256:" + "0123456789abcdef" * 4
MOMENT = datetime(2026, 1, 31, 12, 0, 59, 5, tzinfo=UTC)

VALUES = {
    "NULL": (None, "names TEXT", ("none", "–", "")),
    "true": (True, "listed BOOLEAN", ("flag", "yes", "true")),
    "a count": (1234567, "image_count BIGINT", ("number", "1\u202f234\u202f567", "1234567")),
    "a negative number": (-1234, "position BIGINT", ("number", "-1\u202f234", "-1234")),
    "a ratio": (Decimal("1234.50"), "ratio DECIMAL(18,2)", ("number", "1\u202f234.50", "1234.50")),
    "a percentage": (Decimal("66.80"), "saved_percent DECIMAL(5,2)", ("percent", "66.80\u202f%", "66.80")),
    "a size": (1234567890, "size_bytes BIGINT", ("bytes", "1.23\u202fGB", "1234567890")),
    "a small size": (1234, "size_bytes BIGINT", ("bytes", "1\u202f234\u202fB", "1234")),
    "a summed size": (Decimal(10**20), "size_bytes DECIMAL(38,0)", ("bytes", "100\u202fEB", str(10**20))),
    "a size that is no number": (Decimal("Infinity"), "size_bytes DOUBLE", ("number", "Infinity", "Infinity")),
    "a key": (1234, "layer_key BIGINT", ("number", "1234", "1234")),
    "a time": (MOMENT, "created_at TIMESTAMPTZ", ("time", "2026-01-31 12:00 UTC", "2026-01-31T12:00:59.000005Z")),
    "a time elsewhere": (
        datetime(2026, 1, 31, 14, 0, tzinfo=timezone(timedelta(hours=2))),
        "created_at TIMESTAMPTZ",
        ("time", "2026-01-31 12:00 UTC", "2026-01-31T12:00:00Z"),
    ),
    "a day": (
        datetime(2026, 1, 31, tzinfo=UTC),
        "day_start TIMESTAMPTZ",
        ("time", "2026-01-31", "2026-01-31T00:00:00Z"),
    ),
    "an early year": (
        datetime(7, 1, 2, 3, 4, tzinfo=UTC),
        "at TIMESTAMPTZ",
        ("time", "0007-01-02 03:04 UTC", "0007-01-02T03:04:00Z"),
    ),
    "a digest": (DIGEST, "diff_id TEXT", ("digest", DIGEST, DIGEST)),
    "text": ("two\nlines", "created_by TEXT", ("text", "two\nlines", "two\nlines")),
    "text that reorders a line": ("a\u202eb\x07", "names TEXT", ("text", "a\\u202eb\\x07", "a\\u202eb\\x07")),
    "a list": (["a", None], "names TEXT[]", ("text", '["a", null]', '["a", null]')),
}


@pytest.mark.parametrize("case", VALUES)
def test_each_value_is_short_to_the_eye_and_exact_behind(case: str) -> None:
    value, column, expected = VALUES[case]
    assert show(value, Column(*column.split(" "))) == expected


def test_a_digest_has_its_parts() -> None:
    assert show(DIGEST, Column("diff_id", "TEXT")).digest == {
        "algorithm": "sha256:",
        "start": "0123456789ab",
        "rest": DIGEST.removeprefix("sha256:0123456789ab"),
    }


def test_text_that_only_looks_like_a_digest_has_no_parts() -> None:
    assert show("sha256:xyz", Column("diff_id", "TEXT")).digest is None


def test_very_long_text_is_cut_and_counted() -> None:
    shown = show("x" * (MOST_TEXT + 1234), Column("created_by", "TEXT"))
    assert shown.text == "x" * MOST_TEXT + "… and 1\u202f234 more characters"


def test_labels_are_one_short_line() -> None:
    column = Column("names", "TEXT")
    labels = [
        short(text, column) for text in ("a\n\tb", "one:1, two:2, three:3", "/bin/sh -c #(nop)  CMD [a]", "", "y" * 999)
    ]
    assert labels == ["a b", "one:1 +2", "CMD [a]", "empty", "y" * (MOST_LABEL - 1) + "…"]
    assert short(DIGEST, column) == "0123456789ab"
    assert short(None, column) == "none"


def test_long_text_is_longer_than_a_digest() -> None:
    assert len("sha512:" + "0" * 64) < LONG_TEXT < MOST_TEXT


@pytest.mark.parametrize("text", ["", "NaN", "-", "1e5", "0", "-0.5", "999"])
def test_what_needs_no_groups_stays_as_it_is(text: str) -> None:
    assert grouped(text) == text


@pytest.mark.parametrize(("size", "text"), [(0, "0 B"), (9999, "9 999 B"), (10_000, "10.0 kB"), (10**18, "1.00 EB")])
def test_sizes_have_the_units_of_the_other_formats(size: int, text: str) -> None:
    assert bytes_text(size) == text.replace(" ", "\u202f")
