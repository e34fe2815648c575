"""A report's definition, judged against the saved queries that it names, and completed by them.

Each query must be there, each of its parameters that must be given must have a value, each value must have a parameter,
and each column that a chart or table names must be one that the query answers. What a query answers is read from its
text; of a query that says `*`, only its answer tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from imgindex.errors import ImgindexError, QueryParameterError, ReportError, UnknownQueryError, near_misses, quote
from imgindex.query.catalog import Catalog
from imgindex.query.parameters import Value, missing_parameters, parse_value
from imgindex.query.saved import Query
from imgindex.report.model import Definition, Section

NULL = "null"
"""The value that is none, as in the first lines of a query: so that a query does without the report's parameter."""

CHOOSING = {"platform"}
"""Parameters that choose the image that another one means, and need no section of their own."""

_REFERENCE = re.compile(r":([a-z][a-z0-9_]*)")


def check_definition(definition: Definition, path: Path, catalog: Catalog) -> Definition:
    """The definition with the values that queries take from the report's parameters of the same name.

    Raises ReportError, which names the file, the section and the key.
    """
    return _Checker(definition, path, catalog).check()


def reference(value: str) -> str | None:
    """The parameter of the report that a value stands for; None if it is a value."""
    match = _REFERENCE.fullmatch(value)
    return match[1] if match else None


def find_unknown_column(section: Section, known: Sequence[str]) -> tuple[str, str] | None:
    """The first key of the section that names a column which its query does not answer, and why that is wrong."""
    for key, column in _named_columns(section):
        if column not in known:
            return key, f'{section.query} has no column "{quote(column)}".{near_misses(column, known)}'
    return None


def _named_columns(section: Section) -> Iterator[tuple[str, str]]:
    for role, named in section.chart.roles.items() if section.chart else ():
        yield from ((f"chart.{role}", column) for column in split_path(named))
    yield from (("figures", column) for column in section.figures)
    yield from (("columns", column) for column in section.columns)


def split_path(named: str) -> list[str]:
    """The columns that a role names: `repository, image_id` are two."""
    return [column.strip() for column in named.split(",")]


@cache
def columns_of(query: Query) -> tuple[str, ...] | None:
    """The columns that the query's text says it answers; None where it does not say."""
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        tree = sqlglot.parse_one(query.sql, read="postgres" if query.postgresql is None else "duckdb")
    except SqlglotError:
        return None  # The database says better what is wrong.
    names = tuple(tree.named_selects)  # type: ignore[attr-defined]
    return None if not names or "*" in names or not all(names) else names


class _Checker:
    """One definition and where it comes from."""

    def __init__(self, definition: Definition, path: Path, catalog: Catalog) -> None:
        self._definition = definition
        self._path = path
        self._catalog = catalog
        self._parameters = {parameter.name: parameter for parameter in definition.parameters}
        self._used: set[str] = set()

    def check(self) -> Definition:
        choices = {name: self._choices(name, query) for name, query in self._definition.choices.items()}
        sections = tuple(self._section(section, n) for n, section in enumerate(self._definition.sections, start=1))
        if unused := [name for name in self._parameters if name not in self._used | CHOOSING]:
            raise self._refuse("parameters", f"no section uses {unused[0]}")
        return replace(self._definition, sections=sections, choices=choices)

    def _choices(self, name: str, query_name: str) -> str:
        """The full name of the query that lists what a parameter may be; it, too, takes the report's parameters."""
        query = self._find(query_name, f"choices.{name}")
        takes = {item.name for item in query.parameters}
        if missing := missing_parameters(query.parameters, dict.fromkeys(self._parameters)):
            raise self._refuse(f"choices.{name}", f"{query.name} must be given {missing[0].name}: {missing[0].help}")
        self._used |= takes & self._parameters.keys()
        return query.name

    def _section(self, section: Section, number: int) -> Section:
        where = f"section {number}, "
        query = self._find(section.query, f"{where}query")
        takes = {parameter.name: parameter for parameter in query.parameters}
        values = {name: f":{name}" for name in takes if name in self._parameters} | dict(section.values)
        for name, value in values.items():
            key = f"{where}values.{name}"
            if name not in takes:
                raise self._refuse(key, f"{query.name} has no such parameter.{near_misses(name, takes)}")
            named = reference(value)
            if named is None and value == NULL:
                if takes[name].required:
                    raise self._refuse(key, f"{query.name} must be given a value")
            elif named is None:
                self._parse(query, name, value, key)
            elif named not in self._parameters:
                raise self._refuse(key, f"the report has no parameter {named}.{near_misses(named, self._parameters)}")
            elif self._parameters[named].type != takes[name].type:
                types = f"{self._parameters[named].type}, but {query.name} takes {name} as {takes[name].type}"
                raise self._refuse(key, f"the parameter {named} is {types}")
            else:
                self._used.add(named)
        given: dict[str, Value] = dict(values)
        if missing := missing_parameters(query.parameters, given):
            raise self._refuse(f"{where}values", f"{query.name} must be given {missing[0].name}: {missing[0].help}")
        section = replace(section, query=query.name, values=values)
        known = columns_of(query)
        if known is not None and (found := find_unknown_column(section, known)):
            raise self._refuse(where + found[0], found[1])
        return section

    def _parse(self, query: Query, name: str, value: str, key: str) -> None:
        try:
            parse_value(next(item for item in query.parameters if item.name == name), value)
        except QueryParameterError as error:
            raise self._refuse(key, str(error)) from error

    def _find(self, name: str, key: str) -> Query:
        try:
            return self._catalog.find(name)
        except UnknownQueryError as error:
            raise self._refuse(key, str(error)) from error
        except ImgindexError as error:
            raise self._refuse(key, f"the query is not well formed: {error}") from error

    def _refuse(self, key: str, reason: str) -> ReportError:
        return ReportError(f"{quote(self._path, 400)}: {key}: {reason}", path=str(self._path), key=key)
