"""A page and its parts: what is asked, and what was answered.

Part("labels", "Labels", "SELECT l.name, l.value FROM image_labels AS l WHERE l.image_key = :key ORDER BY l.name")
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from imgindex.query.parameters import Parameter, Value
from imgindex.query.result import Column, Row
from imgindex.query.run import run_query
from imgindex.query.saved import Query

if TYPE_CHECKING:
    from sqlalchemy import Connection

TOTAL = "total_count"
"""A part's column that says how many rows there are beyond its LIMIT; it is not shown."""

_BOUND = re.compile(r"(?<!:):([a-z_]+)")
_TYPES = {int: "integer", str: "text"}


class Part(NamedTuple):
    """A part of a page: one query, and how a person is shown its answer."""

    name: str
    """Its key in JSON."""
    title: str
    sql: str
    shown: tuple[str, ...] = ()
    """The columns that a page of text has; all, if empty."""
    facts: bool = False
    """It has one row, of which each column is a line."""
    whole: bool = False
    """All its rows are shown: they belong to the thing itself, and are few."""
    more: str = ""
    """The saved query that has all rows, with {name} for the thing's."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part with its answer."""

    part: Part
    columns: list[Column]
    rows: list[Row]
    count: int
    """How many rows there are; more than `rows` where the page was cut."""

    def column(self, name: str) -> list[Any]:
        place = [column.name for column in self.columns].index(name)
        return [row[place] for row in self.rows]


@dataclass(frozen=True, slots=True)
class Page:
    """All that is shown of a thing."""

    kind: str
    name: str
    sections: list[Section] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What a person should know of the page itself."""


def read_sections(connection: Connection, parts: Iterable[Part], values: dict[str, Value], limit: int) -> list[Section]:
    """The sections of these parts, each with at most `limit` rows. Raises QueryError."""
    return [_read(connection, part, values, limit) for part in parts]


def _read(connection: Connection, part: Part, values: dict[str, Value], limit: int) -> Section:
    values = {**values, "limit": limit}
    sql = _write_keys(part.sql, values)
    with run_query(connection, _query(part.name, sql, values), _bound(sql, values)) as result:
        columns, rows = result.columns, list(result.rows())
    count = len(rows)
    if columns[-1].name == TOTAL:
        count = rows[0][-1] if rows else 0
        columns, rows = columns[:-1], [row[:-1] for row in rows]
    return Section(part, columns, rows if part.whole else rows[:limit], count)


def ask(connection: Connection, sql: str, **values: Value) -> list[dict[str, Any]]:
    """The rows that a statement answers with, by column. Raises QueryError."""
    sql = _write_keys(sql, values)
    with run_query(connection, _query("find", sql, values), _bound(sql, values)) as result:
        names = [column.name for column in result.columns]
        return [dict(zip(names, row, strict=True)) for row in result.rows()]


def _write_keys(sql: str, values: dict[str, Value]) -> str:
    """The SQL with its numbers written out: a plan for a number that is known is up to four times as fast."""

    def written(match: re.Match[str]) -> str:
        value = values.get(match[1])
        return str(value) if type(value) is int else match[0]

    return _BOUND.sub(written, sql)


def _bound(sql: str, values: dict[str, Value]) -> dict[str, Value]:
    return {name: values[name] for name in dict.fromkeys(_BOUND.findall(sql))}


def _query(name: str, sql: str, values: dict[str, Value]) -> Query:
    names = dict.fromkeys(_BOUND.findall(sql))
    parameters = tuple(Parameter(name, _TYPES.get(type(values.get(name, 0)), "text"), None, True, "") for name in names)
    return Query(f"show, {name}", Path(__file__), name, name, parameters, sql.strip())
