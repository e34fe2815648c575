"""The parameters of a saved query: four types, read from the text that a person writes.

A default is written in the query's file and a value on the command line, both in the same way. Nothing is guessed: what
is no value of the type is refused with an example of one.

    -- param: since timestamp = null  Only what happened since then.
    parse_value(parameter, "2026-01-31") -> datetime(2026, 1, 31, tzinfo=UTC)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple, TypeAlias

from imgindex.errors import QueryParameterError, quote

Value: TypeAlias = str | int | bool | datetime | None

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


LIMIT = "limit"
"""The parameter that says how many rows, in every query that has one."""
MOST_ROWS = 2**31 - 1
"""What may stand behind LIMIT at most, as an INTEGER."""


class ParameterType(NamedTuple):
    """One of the types: how its values are read, and what one looks like."""

    parse: Callable[[str], Value]
    """Raises ValueError for text that is no such value."""
    example: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """One `:name` of a saved query."""

    name: str
    type: str
    """text, integer, boolean or timestamp."""
    default: Value
    """What it is where nothing else is said; NULL and required are told apart by `required`."""
    required: bool
    help: str
    counts: bool = False
    """It says how many there are at most: it stands behind LIMIT."""

    def signature(self) -> str:
        """As a person would write it: `limit=20`, or `source=TEXT` where it must be given."""
        if self.required:
            return f"{self.name}={self.type.upper()}"
        return f"{self.name}={write_value(self.default)}"


def parse_timestamp(text: str) -> datetime:
    """An ISO 8601 date or time in UTC; one without an offset is in UTC already. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("outside the years 1 to 9999") from None


def _parse_integer(text: str) -> int:
    if not _INTEGER.fullmatch(text) or not -(2**63) <= int(text) < 2**63:
        raise ValueError("no 64-bit integer")
    return int(text)


def _parse_boolean(text: str) -> bool:
    try:
        return _BOOLEANS[text.lower()]
    except KeyError:
        raise ValueError("neither true nor false") from None


TYPES: dict[str, ParameterType] = {
    "text": ParameterType(str, "linux/amd64"),
    "integer": ParameterType(_parse_integer, "20"),
    "boolean": ParameterType(_parse_boolean, "true"),
    "timestamp": ParameterType(parse_timestamp, "2026-01-31T12:00:00Z"),
}


def parse_value(parameter: Parameter, text: str) -> Value:
    """The value that this text is. Raises QueryParameterError."""
    kind = TYPES[parameter.type]
    try:
        return kind.parse(text)
    except ValueError:
        article = "an" if parameter.type[0] in "aeiou" else "a"
        raise QueryParameterError(
            f'Parameter {parameter.name} is {article} {parameter.type}, such as {kind.example}; "{quote(text)}" is not.'
        ) from None


def write_value(value: Value) -> str:
    """A value as `parse_value` reads it, and NULL as `null`."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.replace(tzinfo=None).isoformat() + "Z"
        case _:
            return str(value)


def bind_values(parameters: tuple[Parameter, ...], given: Mapping[str, Value]) -> dict[str, Value]:
    """A value for every parameter: text given is read as its type, and what is not given takes its default.

    Raises QueryParameterError for an unknown name, a missing value, or text that is no value of the type.
    """
    known = {parameter.name for parameter in parameters}
    for name in given:
        if name not in known:
            takes = ", ".join(sorted(known)) or "none"
            raise QueryParameterError(f'The query has no parameter "{quote(name)}". It takes: {takes}.')
    if missing := missing_parameters(parameters, given):
        raise QueryParameterError("\n".join(f"{_demand(parameter)} {parameter.help}".rstrip() for parameter in missing))
    values: dict[str, Value] = {}
    for parameter in parameters:
        if parameter.name in given:
            value = given[parameter.name]
            values[parameter.name] = parse_value(parameter, value) if isinstance(value, str) else value
        else:
            values[parameter.name] = parameter.default
        if parameter.counts or parameter.name == LIMIT:
            _check_count(parameter.name, values[parameter.name])
    return values


def _check_count(name: str, value: Value) -> None:
    if isinstance(value, int) and not 0 <= value <= MOST_ROWS:
        raise QueryParameterError(f"Parameter {name} says how many: from 0 to {MOST_ROWS:,}, not {value}.")


def missing_parameters(parameters: tuple[Parameter, ...], given: Mapping[str, Value]) -> list[Parameter]:
    """Those that must be given and are not."""
    return [parameter for parameter in parameters if parameter.required and parameter.name not in given]


def _demand(parameter: Parameter) -> str:
    return f"Parameter {parameter.name} ({parameter.type}) must be given: -p {parameter.signature()}."
