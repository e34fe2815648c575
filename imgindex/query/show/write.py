"""A page as text for a person, or as one JSON object.

Text is laid out as tables are: as wide as the terminal, where digests are cut to 12 digits and long cells folded, and
without any cut where nobody looks. What is empty is left out. In JSON every part is there: facts as an object, other
parts as arrays, and what the store wrote as JSON is JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime

from imgindex.query.formats.cells import json_of, printable
from imgindex.query.formats.layout import fold, pad
from imgindex.query.formats.sink import Sink
from imgindex.query.formats.table import shown_cell, style, table_lines
from imgindex.query.result import Column, Row
from imgindex.query.show.page import Page, Section

NESTED = frozenset({"entrypoint", "cmd", "extra", "annotations", "urls"})
"""Columns that hold JSON."""
LEAST = 24
"""How narrow a fact's value may become."""
FACT_LINES = 8
"""How many lines of a terminal a fact may take."""

NONE = "-"
"""What stands for NULL: on a page it mostly means that there is no such thing."""

_SHELL = re.compile(r"(?:\|\d+ (?P<arguments>\S.*? ))?/bin/sh -c (?P<nop>#\(nop\) +)?")
_BOLD, _DIM = "\x1b[1m", "\x1b[2m"


def write_text(page: Page, sink: Sink) -> None:
    """Write the page for a person."""
    _say(f"{page.kind} {printable(page.name)}", _BOLD, sink)
    for section in page.sections:
        if section.rows and (lines := list(_lines(section, sink))):
            sink.write_styled("\n")
            _say(_title(section), _BOLD, sink)
            for line in lines:
                sink.write_styled(line.rstrip() + "\n")
            if section.count > len(section.rows):
                _say(_rest(page, section), _DIM, sink)
    notes = [*page.notes]
    if sink.width is not None:
        notes.append("Long values are cut to fit; --format json has them whole.")
    for note in notes:
        sink.write_styled("\n")
        _say(note, _DIM, sink)


def _say(text: str, code: str, sink: Sink) -> None:
    """Lines of our own words."""
    for line in [text] if sink.width is None else fold(text, sink.width, None):
        sink.write_styled(style(line, code, sink) + "\n")


def write_json(page: Page, sink: Sink) -> None:
    """Write the page as one object."""
    members = [f'"kind": {json_of(page.kind)}', f'"name": {json_of(page.name)}']
    cut = {}
    for section in page.sections:
        objects = [_object(section.columns, row) for row in section.rows]
        if section.part.facts:
            written = objects[0] if objects else "null"
        else:
            written = "[" + ",".join(f"\n    {item}" for item in objects) + ("\n  ]" if objects else "]")
        members.append(f"{json_of(section.part.name)}: {written}")
        if section.count > len(section.rows):
            cut[section.part.name] = section.count
    members.append(f'"cut": {json_of(cut)}')
    sink.write("{\n  " + ",\n  ".join(members) + "\n}\n")


def _object(columns: list[Column], row: Row) -> str:
    members = (f"{json_of(column.name)}: {_value(value, column)}" for column, value in zip(columns, row, strict=True))
    return "{" + ", ".join(members) + "}"


def _value(value: object, column: Column) -> str:
    if column.name in NESTED and isinstance(value, str):
        try:
            return json_of(json.loads(value))
        except ValueError:
            pass
    return json_of(value, column)


def _title(section: Section) -> str:
    if section.count > len(section.rows):
        return f"{section.part.title} ({len(section.rows):,} of {section.count:,})"
    return section.part.title if section.part.facts else f"{section.part.title} ({section.count:,})"


def _rest(page: Page, section: Section) -> str:
    asked = section.part.more.format(name=page.name)
    elsewhere = f", or imgindex query run {asked}" if asked else ""
    return f"… {section.count - len(section.rows):,} more: --limit 0{elsewhere}"


def _lines(section: Section, sink: Sink) -> Iterator[str]:
    wanted = section.part.shown or tuple(column.name for column in section.columns)
    places = [place for place, column in enumerate(section.columns) if column.name in wanted]
    places = [place for place in places if any(row[place] is not None for row in section.rows)]
    columns = [section.columns[place] for place in places]
    rows: list[list[str | None]] = [
        [_cell(row[place], section.columns[place]) for place in places] for row in section.rows
    ]
    if section.part.facts:
        yield from _facts(columns, rows[0], sink)
    elif columns:
        yield from table_lines(columns, rows, sink)


def _cell(value: object, column: Column) -> str:
    """A cell's text: times to the second, and commands as a Dockerfile has them."""
    if isinstance(value, datetime):
        value = value.replace(microsecond=0)
    if column.name == "created_by" and isinstance(value, str):
        value = dockerfile_line(value)
    text = shown_cell(value, column)
    return NONE if text is None else text


def dockerfile_line(created_by: str) -> str:
    """A history entry's command as a Dockerfile has it, where a shell was put in front of it."""
    return _SHELL.sub(_instruction, created_by, count=1).strip(" ") if _SHELL.match(created_by) else created_by


def _instruction(match: re.Match[str]) -> str:
    if match["nop"]:
        return ""
    return f"RUN [{match['arguments'].strip()}] " if match["arguments"] else "RUN "


def _facts(columns: list[Column], cells: list[str | None], sink: Sink) -> Iterator[str]:
    names = max((len(column.name) for column in columns), default=0)
    for column, cell in zip(columns, cells, strict=True):
        width = None if sink.width is None else max(LEAST, sink.width - names - 2)
        lines = (cell or NONE).split("\n") if width is None else fold(cell or NONE, width, FACT_LINES)
        for number, line in enumerate(lines):
            yield style(pad(column.name if number == 0 else "", names), _BOLD, sink) + "  " + line
