"""A saved query: one file of SQL that says in its first lines what it answers and which parameters it takes.

    -- Layers shared by the most images, and the bytes that sharing saves.
    -- param: limit integer = 20  How many rows.
    -- param: source text = null  Only this source.
    SELECT ... ORDER BY ... LIMIT CAST(:limit AS INTEGER)

The first line is the question. A parameter without `=` must be given. Its help stands after two spaces, so a default
that holds two spaces in a row is written in quotes: `= 'a  b'`. Parameters that the SQL does not use, and those that
it uses undeclared, are errors when the file is read. A sibling `<name>.postgresql.sql` holds the SQL for PostgreSQL
where one text does not do for both engines; its own comment lines are for its readers, and the parameters are those
of the main file.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from imgindex.errors import QueryError, QueryParameterError, quote
from imgindex.query.parameters import TYPES, Parameter, parse_value

_PARAMETER = re.compile(
    r"(?P<name>[a-z][a-z0-9_]*) (?P<type>[a-z]+)"
    r"(?: = (?P<default>'(?:[^']|'')*'|[^\s']\S*(?: \S+)*))?"
    r"(?: {2,}(?P<help>\S.*))?"
)
_COUNT = re.compile(r"\bLIMIT\s+(?:CAST\s*\(\s*)?:(\w+)", re.IGNORECASE)
"""A parameter that stands behind LIMIT."""


@dataclass(frozen=True, slots=True)
class Query:
    """A saved query as its file has it."""

    name: str
    """topic/name."""
    path: Path
    question: str
    description: str
    """The question and what else is said about it; paragraphs are parted by an empty line."""
    parameters: tuple[Parameter, ...]
    sql: str
    postgresql: str | None = None
    """The SQL for PostgreSQL where it differs."""

    def sql_for(self, engine: str) -> str:
        """The SQL for the engine of this name: duckdb or postgresql."""
        return self.postgresql if engine == "postgresql" and self.postgresql is not None else self.sql


def read_query(name: str, path: Path) -> Query:
    """The query that the file holds. Raises QueryError, which names the file, for one that is not well formed."""
    sibling = path.with_name(f"{path.stem}.postgresql.sql")
    try:
        text = path.read_text("utf-8")
        override = sibling.read_text("utf-8") if sibling.is_file() else None
    except (OSError, UnicodeDecodeError) as error:
        raise QueryError(f"{path}: cannot be read: {error}", name=name, path=str(path)) from error
    return parse_query(name, path, text, override)


def read_header(path: Path) -> tuple[str, list[Parameter]]:
    """The question and the parameters as the first lines of the file have them, unchecked: what is wrong is left out.

    For the completion of a shell, which must be quick and cannot complain.
    """
    try:
        header, _ = _split(path.read_text("utf-8", errors="replace"))
    except OSError:
        return "", []
    question = next((line for _, line in header if not line.startswith("param:")), "")
    parameters = []
    for _, line in header:
        if line.startswith("param:"):
            with contextlib.suppress(QueryParameterError):
                parameters.append(parse_parameter(line.removeprefix("param:").strip()))
    return question, parameters


def parse_query(name: str, path: Path, text: str, override: str | None = None) -> Query:
    """The query that this text is. Raises QueryError."""

    def refuse(reason: str) -> QueryError:
        return QueryError(f"{path}: {reason}", name=name, path=str(path))

    header, sql = _split(text)
    description: list[str] = []
    parameters: dict[str, Parameter] = {}
    for number, line in header:
        if not line.startswith("param:"):
            description.append(line)
            continue
        try:
            parameter = parse_parameter(line.removeprefix("param:").strip())
        except QueryParameterError as error:
            raise refuse(f"line {number}: {error}") from error
        if parameter.name in parameters:
            raise refuse(f"line {number}: parameter {parameter.name} is declared twice")
        parameters[parameter.name] = parameter
    paragraphs = "\n".join(description).strip()
    if not paragraphs:
        raise refuse('its first line must say what it answers: "-- Which layers are shared by the most images?"')
    if not sql:
        raise refuse("there is no SQL in it")
    postgresql = None if override is None else _split(override)[1]
    for place, body in (("", sql), (" for postgresql", postgresql)):
        if body is None:
            continue
        used = bound_names(body)
        if undeclared := sorted(used - parameters.keys()):
            raise refuse(
                f"the SQL{place} uses :{undeclared[0]}, which no line declares: -- param: {undeclared[0]} text"
            )
        if unused := sorted(parameters.keys() - used):
            raise refuse(f"parameter {unused[0]} is declared, but the SQL{place} does not use :{unused[0]}")
    question = paragraphs.partition("\n")[0]
    counting = {*_COUNT.findall(sql), *_COUNT.findall(postgresql or "")}
    declared = tuple(replace(item, counts=item.name in counting) for item in parameters.values())
    return Query(name, path, question, paragraphs, declared, sql, postgresql)


def bound_names(sql: str) -> set[str]:
    """The names that are bound as parameters, just as the run will see them: also in comments and literals."""
    import sqlalchemy

    return set(sqlalchemy.text(sql).compile().params)


def _split(text: str) -> tuple[list[tuple[int, str]], str]:
    """The lines of the leading comment, numbered and without their dashes, and the SQL without a last semicolon."""
    lines = text.removeprefix("\ufeff").splitlines()
    header = list(_header(lines))
    body = "\n".join(lines[header[-1][0] if header else 0 :])
    return header, body.strip().removesuffix(";").rstrip()


def _header(lines: list[str]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines, start=1):
        if not line.startswith("--"):
            return
        yield number, line.removeprefix("--").strip()


def parse_parameter(line: str) -> Parameter:
    """The parameter that `name type = default  Help.` declares. Raises QueryParameterError."""
    match = _PARAMETER.fullmatch(line)
    if match is None:
        raise QueryParameterError(
            f'"{quote(line)}" is not understood; write "name type = default  Help.", or "name type  Help."'
        )
    name, kind, written, help_text = match.group("name", "type", "default", "help")
    if kind not in TYPES:
        raise QueryParameterError(f'"{quote(kind)}" is no type; there are {", ".join(TYPES)}')
    parameter = Parameter(name, kind, None, written is None, help_text or "")
    if written is None or written == "null":
        return parameter
    if written.startswith("'"):
        written = written[1:-1].replace("''", "'")
    return Parameter(name, kind, parse_value(parameter, written), False, help_text or "")
