"""Makes a report: all its queries are answered from one snapshot of the index, so that their figures agree.

An answer keeps so many rows as its table or chart shows; rows beyond are read and counted, and figures are sums of all
of them. A query's own limit is lifted for that, unless the report sets it.

    make_report(engine, definition, catalog, {"source": "registry"}) -> Report
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from imgindex import __version__
from imgindex.errors import ReportError
from imgindex.query.catalog import Catalog
from imgindex.query.parameters import LIMIT, Value, bind_values, write_value
from imgindex.query.parameters import MOST_ROWS as ALL_ROWS
from imgindex.query.result import Column, Row
from imgindex.query.run import run_query
from imgindex.query.saved import Query
from imgindex.query.show.page import ask
from imgindex.report.check import NULL, find_unknown_column, reference
from imgindex.report.model import Answer, Definition, Report, Section
from imgindex.report.values import settle_values
from imgindex.store.engine import place

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

MOST_ROWS = 2000
"""The most rows that an answer keeps for a chart."""

Tell = Callable[[int, int, str], None]
"""Told the number of a section, how many there are, and its title, before it is asked."""

_SOURCES = "SELECT source, last_complete_at FROM source_status ORDER BY source"


def make_report(
    engine: Engine,
    definition: Definition,
    catalog: Catalog,
    given: Mapping[str, str] | None = None,
    tell: Tell = lambda number, count, title: None,
) -> Report:
    """The report with its answers. The definition is one that `check_definition` returned.

    Raises UsageError for the values that were given, ReportError for columns, and QueryError.
    """
    made_at = datetime.now(UTC)
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        values = settle_values(connection, definition, catalog, given or {})
        answers = []
        for number, section in enumerate(definition.sections, start=1):
            tell(number, len(definition.sections), section.title)
            answers.append(answer_section(connection, section, catalog.find(section.query), values))
        sources = [(str(row["source"]), row["last_complete_at"]) for row in ask(connection, _SOURCES)]
    written = _written(values)
    subject = next((item.name for item in definition.parameters if item.required), "")
    asked = (given or {}).get(subject) or written.get(subject) or ""
    return Report(definition, written, made_at, place(engine), answers, sources, __version__, asked)


def answer_section(
    connection: Connection, section: Section, query: Query, report_values: Mapping[str, Value]
) -> Answer:
    """What the section's query answers, given the values of the report's parameters."""
    given = {name: _value(value, report_values) for name, value in section.values.items()}
    values = bind_values(query.parameters, given)
    most = MOST_ROWS if section.chart else section.rows
    lifted = LIMIT in values and LIMIT not in given
    with run_query(connection, query, values | ({LIMIT: ALL_ROWS} if lifted else {})) as result:
        if found := find_unknown_column(section, [column.name for column in result.columns]):
            raise ReportError(f'Section "{section.title}", {found[0]}: {found[1]}', key=found[0])
        kept = _Kept(section, result.columns, most)
        for row in result.rows():
            kept.add(row)
    shown = values | ({LIMIT: most} if lifted else {})
    return Answer(
        section,
        query,
        _written(shown),
        result.columns,
        kept.rows,
        kept.count,
        kept.figures(),
        write_sql(query, shown, connection.engine.dialect.name),
        write_call(query, shown),
    )


class _Kept:
    """The first rows of an answer, the number of all, and the sums of its figures."""

    def __init__(self, section: Section, columns: list[Column], most: int) -> None:
        self.rows: list[Row] = []
        self.count = 0
        self._most = most
        names = [column.name for column in columns]
        self._places = {name: names.index(name) for name in section.figures}
        self._sums: dict[str, Any] = {name: 0 for name in section.figures if columns[names.index(name)].is_number}

    def add(self, row: Row) -> None:
        self.count += 1
        if self.count <= self._most:
            self.rows.append(row)
        for name, total in self._sums.items():
            value = row[self._places[name]]
            self._sums[name] = None if value is None or total is None else total + value

    def figures(self) -> dict[str, Any]:
        """The values of the one row, or the sums of several; a sum with an unknown part is unknown."""
        if self.count == 1:
            return {name: self.rows[0][place] for name, place in self._places.items()}
        return dict(self._sums) if self.count else {}


def write_sql(query: Query, values: Mapping[str, Value], engine: str) -> str:
    """The query's SQL with the values in it."""
    import sqlalchemy
    from sqlalchemy.engine.default import DefaultDialect

    written = {name: write_value(value) if isinstance(value, datetime) else value for name, value in values.items()}
    binds = [sqlalchemy.bindparam(name, value, _literal_type(value)) for name, value in written.items()]
    statement = sqlalchemy.text(query.sql_for(engine)).bindparams(*binds)
    return str(statement.compile(dialect=DefaultDialect(), compile_kwargs={"literal_binds": True}))


def write_call(query: Query, values: Mapping[str, Value]) -> str:
    """The command that asks the same."""
    given = [
        f"{item.name}={write_value(values[item.name])}"
        for item in query.parameters
        if item.required or values[item.name] != item.default
    ]
    return shlex.join(["imgindex", "query", "run", query.name, *(word for value in given for word in ("-p", value))])


def _literal_type(value: Value) -> Any:
    import sqlalchemy

    match value:
        case None:
            return sqlalchemy.types.NullType()
        case bool():
            return sqlalchemy.Boolean()
        case int():
            return sqlalchemy.BigInteger()
        case _:
            return sqlalchemy.Text()


def _value(written: str, report_values: Mapping[str, Value]) -> Value:
    name = reference(written)
    if name is not None:
        return report_values[name]
    return None if written == NULL else written


def _written(values: Mapping[str, Value]) -> dict[str, str | None]:
    return {name: None if value is None else write_value(value) for name, value in values.items()}
