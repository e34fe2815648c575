"""A report's file: TOML that lists saved queries in the order in which their answers are read.

    title = "Our images"
    question = "What do our images cost?"
    parameters = ["source text = null  Only this source."]

    [[section]]
    title = "The largest images"
    query = "size/images"
    chart = { kind = "bars", label = "names", value = "size_bytes" }

A parameter is declared as in a query's file. A query's parameter takes the report's of the same name, unless `values`
says otherwise: a value, or `:name` for another parameter of the report. Here the shape of the file is judged alone;
`check` judges it against the saved queries.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from imgindex.errors import QueryParameterError, ReportError, near_misses, quote
from imgindex.query.parameters import Parameter
from imgindex.query.saved import parse_parameter
from imgindex.report.model import CHARTS, DEFAULT_ROWS, Chart, Definition, Section

MOST_BYTES = 1 << 20
"""The largest file that is read."""
MOST_TABLE_ROWS = 2000
"""The most rows that a section may ask for."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")

Refuse = Callable[[str, str], ReportError]
"""From a key and what is wrong with it to the error that names the file."""


def read_definition(name: str, path: Path) -> Definition:
    """The report that the file defines. Raises ReportError, which names the file and the key."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise ReportError(f"{quote(path, 400)}: a report's file has at most {MOST_BYTES:,} bytes.", path=str(path))
        table = tomllib.loads(data.decode("utf-8"))
    except OSError as error:
        raise ReportError(f"{quote(path, 400)}: cannot be read: {error.strerror}", path=str(path)) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ReportError(f"{quote(path, 400)}: is no TOML: {quote(error)}", path=str(path)) from error
    return parse_definition(name, path, table)


def parse_definition(name: str, path: Path, table: Mapping[str, Any]) -> Definition:
    """The report that this table defines. Raises ReportError."""

    def refuse(key: str, reason: str) -> ReportError:
        return ReportError(f"{quote(path, 400)}: {key}: {reason}", path=str(path), key=key)

    fields = _Fields(table, "", refuse)
    title = fields.text("title", required=True)
    question = fields.text("question", required=True)
    parameters = _parameters(fields)
    choices = {key: str(value) for key, value in fields.table("choices").items()}
    if unknown := sorted(choices.keys() - {parameter.name for parameter in parameters}):
        raise refuse(f"choices.{quote(unknown[0])}", "is no parameter of the report")
    tables = fields.tables("section")
    if not tables:
        raise refuse("section", "a report has at least one: [[section]] with a title and a query")
    sections = tuple(_section(_Fields(item, f"section {n}", refuse)) for n, item in enumerate(tables, start=1))
    fields.finish()
    return Definition(name, title, question, parameters, sections, choices)


def _parameters(fields: _Fields) -> tuple[Parameter, ...]:
    parameters: dict[str, Parameter] = {}
    for line in fields.texts("parameters"):
        try:
            parameter = parse_parameter(line)
        except QueryParameterError as error:
            raise fields.refuse("parameters", str(error)) from error
        if parameter.name in parameters:
            raise fields.refuse("parameters", f"{parameter.name} is declared twice")
        parameters[parameter.name] = parameter
    return tuple(parameters.values())


def _section(fields: _Fields) -> Section:
    section = Section(
        title=fields.text("title", required=True),
        query=fields.text("query", required=True),
        text=fields.text("text"),
        nothing=fields.text("nothing"),
        values=_values(fields),
        chart=_chart(fields),
        figures=tuple(fields.texts("figures")),
        columns=tuple(fields.texts("columns")),
        rows=fields.number("rows", DEFAULT_ROWS, MOST_TABLE_ROWS),
    )
    fields.finish()
    return section


def _values(fields: _Fields) -> dict[str, str]:
    """The values of the query's parameters, as text."""
    written = {}
    for name, value in fields.table("values").items():
        match value:
            case bool():
                written[name] = "true" if value else "false"
            case str() | int():
                written[name] = str(value)
            case datetime() | date():
                written[name] = value.isoformat()
            case _:
                raise fields.refuse(f"values.{quote(name)}", "is a text, a whole number, true, false or a time")
    return written


def _chart(fields: _Fields) -> Chart | None:
    roles = fields.table("chart")
    if not roles:
        return None
    kind = roles.pop("kind", None)
    if not isinstance(kind, str) or kind not in CHARTS:
        raise fields.refuse("chart.kind", f'"{quote(kind)}" is no chart.{near_misses(str(kind), CHARTS)}')
    needed, more = CHARTS[kind]
    for role, column in roles.items():
        if role not in (*needed, *more):
            said = near_misses(role, (*needed, *more))
            raise fields.refuse(f"chart.{quote(role)}", f"{kind} has no such role.{said}")
        if not isinstance(column, str) or not column:
            raise fields.refuse(f"chart.{role}", "names a column of the query")
    if missing := [role for role in needed if role not in roles]:
        raise fields.refuse("chart", f"{kind} needs {', '.join(needed)}; {', '.join(missing)} is not said")
    return Chart(kind, roles)


class _Fields:
    """The keys of one table, each taken once; what is left over is an error."""

    def __init__(self, table: Mapping[str, Any], place: str, refuse: Refuse) -> None:
        self._table = dict(table)
        self._place = place
        self._refuse = refuse
        self._known: list[str] = []

    def refuse(self, key: str, reason: str) -> ReportError:
        return self._refuse(f"{self._place}, {key}" if self._place else key, reason)

    def text(self, key: str, *, required: bool = False) -> str:
        value = self._take(key, "")
        if not isinstance(value, str):
            raise self.refuse(key, "is a text, in quotes")
        value = " ".join(value.split())
        if required and not value:
            raise self.refuse(key, "must be there")
        return value

    def texts(self, key: str) -> list[str]:
        value = self._take(key, [])
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.refuse(key, 'is a list of texts: ["one", "two"]')
        return value

    def number(self, key: str, default: int, most: int) -> int:
        value = self._take(key, default)
        if type(value) is not int or not 1 <= value <= most:
            raise self.refuse(key, f"is a whole number from 1 to {most:,}")
        return value

    def table(self, key: str) -> dict[str, Any]:
        value = self._take(key, {})
        if not isinstance(value, dict):
            raise self.refuse(key, "is a table: { name = value }")
        for name in value:
            if not _NAME.fullmatch(name):
                raise self.refuse(f"{key}.{quote(name)}", "is no name: lower-case letters, digits and _")
        return dict(value)

    def tables(self, key: str) -> list[dict[str, Any]]:
        value = self._take(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.refuse(key, "is a list of tables, each under [[section]]")
        return value

    def finish(self) -> None:
        """Raises ReportError where a key was not taken."""
        for key in self._table:
            raise self.refuse(quote(key), f"is not understood.{near_misses(key, self._known)}")

    def _take(self, key: str, default: Any) -> Any:
        self._known.append(key)
        return self._table.pop(key, default)
