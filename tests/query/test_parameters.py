"""Parameters: the four types, what they refuse, and how values find their parameter."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgindex.errors import QueryParameterError
from imgindex.query.parameters import TYPES, Parameter, Value, bind_values, parse_value, write_value

ACCEPTED = {
    "text": ("text", "linux/amd64", "linux/amd64"),
    "text that is empty": ("text", "", ""),
    "text that looks like NULL": ("text", "null", "null"),
    "integer": ("integer", "20", 20),
    "integer with a sign": ("integer", "-7", -7),
    "largest integer": ("integer", "9223372036854775807", 2**63 - 1),
    "smallest integer": ("integer", "-9223372036854775808", -(2**63)),
    "true": ("boolean", "True", True),
    "no": ("boolean", "no", False),
    "day": ("timestamp", "2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
    "time in UTC": ("timestamp", "2026-01-31T12:00:00.5Z", datetime(2026, 1, 31, 12, 0, 0, 500_000, tzinfo=UTC)),
    "time with an offset": ("timestamp", "2026-01-31T12:00:00+02:00", datetime(2026, 1, 31, 10, tzinfo=UTC)),
    "time without an offset is UTC": ("timestamp", "2026-01-31 12:00", datetime(2026, 1, 31, 12, tzinfo=UTC)),
}

REFUSED = {
    "fraction for an integer": ("integer", "1.5"),
    "underscores in an integer": ("integer", "1_000"),
    "blank around an integer": ("integer", " 1"),
    "digits of another script": ("integer", "１"),
    "integer beyond 64 bits": ("integer", "9223372036854775808"),
    "word for an integer": ("integer", "many"),
    "word for a boolean": ("boolean", "maybe"),
    "word for a time": ("timestamp", "yesterday"),
    "day that no calendar has": ("timestamp", "2026-02-30"),
    "time before year 1 in UTC": ("timestamp", "0001-01-01T00:00:00+01:00"),
    "empty time": ("timestamp", ""),
}


@pytest.mark.parametrize(("kind", "text", "value"), ACCEPTED.values(), ids=ACCEPTED.keys())
def test_text_is_read_as_the_type(kind: str, text: str, value: Value) -> None:
    assert value == parse_value(Parameter("p", kind, None, True, ""), text)


@pytest.mark.parametrize(("kind", "text"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_value_is_refused_with_an_example(kind: str, text: str) -> None:
    with pytest.raises(QueryParameterError) as raised:
        parse_value(Parameter("since", kind, None, True, ""), text)
    assert "since" in str(raised.value)
    assert kind in str(raised.value)
    assert TYPES[kind].example in str(raised.value)


@given(st.integers(-(2**63), 2**63 - 1) | st.booleans() | st.datetimes(timezones=st.just(UTC)))
def test_a_written_value_is_read_back(value: int | bool | datetime) -> None:
    kind = {bool: "boolean", int: "integer", datetime: "timestamp"}[type(value)]
    assert value == parse_value(Parameter("p", kind, None, True, ""), write_value(value))


def test_a_message_shows_no_control_characters() -> None:
    with pytest.raises(QueryParameterError) as raised:
        parse_value(Parameter("limit", "integer", None, True, ""), "\x1b[31m1")
    assert "\x1b" not in str(raised.value)


LIMIT = Parameter("limit", "integer", 20, False, "How many.")
SOURCE = Parameter("source", "text", None, False, "Only this one.")
TAG = Parameter("tag", "text", None, True, "The tag.")


def test_what_is_not_given_takes_its_default() -> None:
    assert bind_values((LIMIT, SOURCE), {}) == {"limit": 20, "source": None}


def test_text_is_parsed_and_values_are_taken() -> None:
    assert bind_values((LIMIT, SOURCE), {"limit": "5", "source": "a"}) == {"limit": 5, "source": "a"}
    assert bind_values((LIMIT,), {"limit": 5}) == {"limit": 5}
    assert bind_values((LIMIT,), {"limit": None}) == {"limit": None}


def test_a_missing_value_is_asked_for() -> None:
    with pytest.raises(QueryParameterError, match=r"tag \(text\) must be given: -p tag=TEXT"):
        bind_values((LIMIT, TAG), {"limit": "1"})


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(QueryParameterError, match=r'no parameter "limt"\. It takes: limit, source'):
        bind_values((SOURCE, LIMIT), {"limt": "1"})


def test_signatures_say_default_or_type() -> None:
    assert [item.signature() for item in (LIMIT, SOURCE, TAG)] == ["limit=20", "source=null", "tag=TEXT"]
