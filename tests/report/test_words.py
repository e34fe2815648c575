"""How values are told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from imgindex.report.words import heading_of, size_in_words, time_in_words


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 B"),
        (9_999, "9,999 B"),
        (10_000, "10.0 kB"),
        (999_499, "999 kB"),
        (999_500, "1.00 MB"),
        (1_234_567_890, "1.23 GB"),
        (99_949_999, "99.9 MB"),
        (99_950_000, "100 MB"),
        (2**63 - 1, "9.22 EB"),
        (-12_345, "-12.3 kB"),
    ],
)
def test_a_size_has_three_digits(size: int, words: str) -> None:
    assert words == size_in_words(size)


def test_a_time_is_in_utc_and_to_the_minute() -> None:
    assert "2026-01-31 10:05" == time_in_words(datetime(2026, 1, 31, 12, 5, 59, tzinfo=timezone(timedelta(hours=2))))
    assert "2026-01-31" == time_in_words(datetime(2026, 1, 31, tzinfo=UTC))


def test_a_heading_has_no_unit() -> None:
    assert ["shared", "image count", "image", "created", "share saved"] == [
        heading_of(name) for name in ("shared_bytes", "image_count", "image_id", "created_at", "saved_percent")
    ]
