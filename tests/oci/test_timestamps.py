"""Times, checked against datetime."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgindex.oci.timestamps import _parse, format_time, parse_time

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LEAST = (datetime.min.replace(tzinfo=UTC) - EPOCH) // MICROSECOND
MOST = (datetime.max.replace(tzinfo=UTC) - EPOCH) // MICROSECOND

VALID = {
    "the epoch": ("1970-01-01T00:00:00Z", 0),
    "nanoseconds are cut": ("2015-10-31T22:22:56.015925999Z", 1_446_330_176_015_925),
    "milliseconds": ("1970-01-01T00:00:00.5Z", 500_000),
    "an offset": ("1970-01-01T02:00:00+02:00", 0),
    "a negative offset": ("1969-12-31T18:30:00-05:30", 0),
    "minus zero": ("1970-01-01T00:00:00-00:00", 0),
    "lower case": ("1970-01-01t00:00:00z", 0),
    "before 1970, cut towards the past": ("1969-12-31T23:59:59.9999999Z", -1),
    "more digits than any clock has": ("1970-01-01T00:00:00." + "9" * 200 + "Z", 999_999),
    "Go's zero time": ("0001-01-01T00:00:00Z", LEAST),
    "the last microsecond": ("9999-12-31T23:59:59.999999999Z", MOST),
    "year 1 in UTC only": ("0000-12-31T23:00:00-01:00", LEAST),
    "a leap day": ("2000-02-29T00:00:00Z", 951_782_400_000_000),
}


@pytest.mark.parametrize(("text", "expected"), VALID.values(), ids=VALID.keys())
def test_valid_times(text: str, expected: int) -> None:
    assert expected == parse_time(text)


INVALID = {
    "empty": "",
    "words": "yesterday",
    "a date": "2020-01-01",
    "no offset": "2020-01-01T00:00:00",
    "a space for the T": "2020-01-01 00:00:00Z",
    "basic format": "20200101T000000Z",
    "a week date": "2020-W01-1T00:00:00Z",
    "no seconds": "2020-01-01T00:00Z",
    "a bare point": "2020-01-01T00:00:00.Z",
    "a comma": "2020-01-01T00:00:00,5Z",
    "month 13": "2020-13-01T00:00:00Z",
    "no such day": "2021-02-29T00:00:00Z",
    "no such day in year 0": "0000-02-30T00:00:00-01:00",
    "day 0": "2020-01-00T00:00:00Z",
    "hour 24": "2020-01-01T24:00:00Z",
    "minute 60": "2020-01-01T00:60:00Z",
    "a leap second": "2016-12-31T23:59:60Z",
    "offset of 24 hours": "2020-01-01T00:00:00+24:00",
    "offset without colon": "2020-01-01T00:00:00+0100",
    "five digits of year": "12020-01-01T00:00:00Z",
    "a sign": "-2020-01-01T00:00:00Z",
    "year 0": "0000-01-01T00:00:00Z",
    "pushed before year 1": "0001-01-01T00:00:00+00:01",
    "pushed beyond year 9999": "9999-12-31T23:59:59-00:01",
    "a leading space": " 2020-01-01T00:00:00Z",
    "a trailing newline": "2020-01-01T00:00:00Z\n",
    "other digits": "2020-01-01T00:00:0٣Z",
    "long": "2020-01-01T00:00:00Z" * 1000,
}


@pytest.mark.parametrize("text", INVALID.values(), ids=INVALID.keys())
def test_invalid_times_are_none(text: str) -> None:
    assert parse_time(text) is None


OFFSETS = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(timezones=OFFSETS), st.sampled_from(["", "0", "9", "999"]))
def test_agrees_with_datetime(moment: datetime, more_digits: str) -> None:
    text = moment.isoformat(timespec="microseconds")
    fraction_end = text.index(".") + 7
    micros = (moment - EPOCH) // MICROSECOND
    expected = micros if LEAST <= micros <= MOST else None
    assert expected == parse_time(text[:fraction_end] + more_digits + text[fraction_end:])


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_none(text: str) -> None:
    micros = parse_time(text)
    assert micros is None or LEAST <= micros <= MOST


@given(st.integers(LEAST, MOST))
def test_formatted_times_parse_back(micros: int) -> None:
    assert micros == parse_time(format_time(micros))


@pytest.mark.parametrize(
    ("micros", "expected"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1, "1970-01-01T00:00:00.000001Z"),
        (-1, "1969-12-31T23:59:59.999999Z"),
        (500_000, "1970-01-01T00:00:00.500000Z"),
        (LEAST, "0001-01-01T00:00:00Z"),
        (MOST, "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_formats(micros: int, expected: str) -> None:
    assert expected == format_time(micros)


def test_long_text_does_not_stay_in_memory() -> None:
    before = _parse.cache_info().currsize
    parse_time("2020-01-01T00:00:00." + "1" * 100_000 + "Z")
    assert before == _parse.cache_info().currsize
