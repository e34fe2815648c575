"""A report for a pull request, an issue or a wiki: the figures first, then a table for each section.

Whatever the index says stands in code spans, so that no name is markup, a link, a mention or a further cell, whatever
it holds. Digests are cut short in tables and whole below them; sizes are in units. What was asked is folded away.
Charts are left to HTML, and uncut text to JSON.

    | source     | image count | distinct |
    | ---        |        ---: |     ---: |
    | `registry` |          12 |  1.23 GB |

https://github.github.com/gfm/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from imgindex.query.formats.cells import printable, text_of
from imgindex.query.formats.markdown import escape_text
from imgindex.query.formats.sink import Sink
from imgindex.query.result import Column, Row
from imgindex.query.show.write import dockerfile_line
from imgindex.report.model import Answer, Report
from imgindex.report.pivot import turn_matrix
from imgindex.report.words import (
    DIGEST,
    heading_of,
    nothing_in_words,
    short_digest,
    size_in_words,
    time_in_words,
)

MOST_CHARACTERS = 60_000
"""How long a report may be: a comment on GitHub has room for 65,536 characters."""
MOST_TEXT = 160
"""The most characters of one text in a table."""

COMMANDS = frozenset({"created_by", "label"})
"""Columns that hold a history's commands, which are told as a Dockerfile has them."""

NONE = "–"
"""What stands for NULL. Text of the index is never plain, so none looks like it."""


class Room(NamedTuple):
    """How much a report may say."""

    rows: int
    """The most rows of a table."""
    with_sql: bool


ROOMS = (Room(40, True), Room(40, False), Room(15, False), Room(5, False))
"""From the most to the least."""

_BACKTICKS = re.compile(r"`+")


def write_markdown(report: Report, sink: Sink) -> None:
    """Write the report for a person: so much of it as fits into a comment, the SQL last of all."""
    for room in ROOMS:
        text = "\n\n".join(_blocks(report, room)) + "\n"
        if len(text) <= MOST_CHARACTERS:
            break
    sink.write(text)


def _blocks(report: Report, room: Room) -> Iterator[str]:
    definition = report.definition
    yield f"# {escape_text(definition.title)}"
    yield escape_text(definition.question)
    if summary := [line for answer in report.answers for line in _summary(answer)]:
        yield "\n".join(summary)
    if values := [f"{name} {code(value)}" for name, value in report.values.items() if value is not None]:
        yield f"Asked with {', '.join(values)}."
    yield _origin(report)
    for answer in report.answers:
        yield from _section(answer, room)
    left_out = "" if room.with_sql else " The SQL was left out to fit into one comment."
    yield f"Long texts are cut to fit; `--format json` has them whole, and `--format html` has charts.{left_out}"


def _origin(report: Report) -> str:
    looked = ", ".join(
        f"{code(name)} ({'never looked at to the end' if at is None else time_in_words(at)})"
        for name, at in report.sources
    )
    made = f"Made {time_in_words(report.made_at)} UTC by imgindex {report.version} from {code(report.database)}."
    return f"{made} Sources, and when each was last looked at to the end: {looked or 'none'}."


def _summary(answer: Answer) -> Iterator[str]:
    types = {column.name: column for column in answer.columns}
    figures = [f"{heading_of(name)} **{figure(value, types[name])}**" for name, value in answer.figures.items()]
    if figures:
        yield f"- {escape_text(answer.section.title)}: {', '.join(figures)}"


def _section(answer: Answer, room: Room) -> Iterator[str]:
    section = answer.section
    yield f"## {escape_text(section.title)}"
    if section.text:
        yield escape_text(section.text)
    if not answer.rows:
        yield f"*{escape_text(nothing_in_words(section.nothing))}*"
    else:
        table = _Table(answer, room.rows)
        yield table.text
        if table.rows is not None and answer.count > table.rows:
            yield f"{table.rows:,} of {answer.count:,} rows."
        if table.digests:
            whole = "\n".join(table.digests)
            yield _folded("Digests in full", fenced(whole))
    sql = [fenced(answer.sql, "sql")] if room.with_sql else []
    yield _folded("Query", fenced(answer.call, "sh"), *sql)


def _folded(title: str, *blocks: str) -> str:
    return "\n\n".join([f"<details><summary>{title}</summary>", *blocks, "</details>"])


class _Table:
    """An answer's table, and the digests that it shows in short."""

    def __init__(self, answer: Answer, most: int) -> None:
        self._digests: dict[str, None] = {}
        self.rows: int | None = None
        """How many rows of the answer it shows; None for a matrix, which has them all."""
        turned = turn_matrix(answer)
        if turned is not None:
            columns, rows = turned
        else:
            columns, rows = _chosen(answer, min(answer.section.rows, most))
            self.rows = len(rows)
        lines = [
            _line([heading_of(column.name) for column in columns]),
            _line(["---:" if column.is_number else "---" for column in columns]),
            *(_line([self._cell(value, column) for value, column in zip(row, columns, strict=True)]) for row in rows),
        ]
        self.text = "\n".join(lines)

    @property
    def digests(self) -> list[str]:
        return list(self._digests)

    def _cell(self, value: object, column: Column) -> str:
        if isinstance(value, str):
            for digest in DIGEST.findall(value):
                self._digests[digest] = None
        return cell(value, column)


def _chosen(answer: Answer, most: int) -> tuple[list[Column], list[Row]]:
    """The columns that the section's table has, and its first rows."""
    names = [column.name for column in answer.columns]
    places = [names.index(name) for name in answer.section.columns or names]
    return [answer.columns[place] for place in places], [tuple(row[p] for p in places) for row in answer.rows[:most]]


def cell(value: object, column: Column) -> str:
    """A value as a cell of a table."""
    match value:
        case None:
            return NONE
        case bool():
            return "yes" if value else "no"
        case int() if column.name.endswith("_bytes"):
            return size_in_words(value)
        case int() if column.is_number and not column.name.endswith("_key"):
            return f"{value:,}"
        case datetime():
            return time_in_words(value)
        case str():
            if column.name in COMMANDS:
                value = dockerfile_line(value)
            return code(_cut(DIGEST.sub(lambda match: short_digest(match.group()), value)))
        case _:
            text = text_of(value, column) or ""
            return text if column.is_number else code(_cut(text))


def figure(value: object, column: Column) -> str:
    """A value as a figure."""
    return "unknown" if value is None else cell(value, column)


def code(text: str | None) -> str:
    """Text as a code span, which holds no markup: a longer fence than any run of backticks in it, and pipes escaped.

    Line breaks and other control characters are written as escapes.
    """
    if text is None:
        return NONE
    shown = printable(text)
    if not shown.strip(" "):
        return f"{len(shown)} spaces" if shown else "*empty*"
    fence = "`" * (1 + max((len(run) for run in _BACKTICKS.findall(shown)), default=0))
    room = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{room}{shown}{room}{fence}".replace("|", "\\|")


def fenced(text: str, language: str = "") -> str:
    """Text as a block of code."""
    fence = "`" * max(3, 1 + max((len(run) for run in _BACKTICKS.findall(text)), default=0))
    shown = printable(text, keep="\n")
    return f"{fence}{language}\n{shown}\n{fence}"


def _cut(text: str) -> str:
    return text if len(text) <= MOST_TEXT else text[: MOST_TEXT - 1] + "…"


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
