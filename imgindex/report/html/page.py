"""A report as one HTML page that needs nothing else: style, script and charts are in it, and it asks nobody.

The page's policy allows the one style and the one script, by their hashes, and nothing more: even if a name of an image
became markup, it could neither run nor call home. Templates escape all that they are given.

https://www.w3.org/TR/CSP3/
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import jinja2

from imgindex.query.formats.cells import printable
from imgindex.query.result import Column
from imgindex.report.html.charts import Figure, draw_chart
from imgindex.report.html.charts.axis import in_utc
from imgindex.report.html.shown import LONG_TEXT, Shown, grouped, heading, plain, show
from imgindex.report.html.table import Table, make_table
from imgindex.report.model import Answer, Report

STALE = timedelta(days=7)
"""A source that was looked at before this is warned of."""
MOST_SOURCES = 20
MOST_FIGURES = 12

_FOLDER = Path(__file__).parent / "page"
_STYLES = ("base.css", "page.css", "table.css", "chart.css", "print.css")
_SCRIPTS = ("tables.js", "charts.js", "page.js")
_MOMENT = Column("at", "TIMESTAMPTZ")
_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath fill='%232a5c9a' "
    "d='M1 2h14v3H1zM1 6.5h10v3H1zM1 11h6v3H1z'/%3E%3C/svg%3E"
)


class Part(NamedTuple):
    """A section as the template has it."""

    id: str
    title: str
    text: str
    nothing: str
    kind: str
    figure: Figure | None
    drawn_of: str
    """What the chart did not get to see."""
    table: Table
    query: str
    values: Mapping[str, str | None]
    sql: str
    call: str


class Large(NamedTuple):
    """A large figure."""

    label: str
    number: str
    unit: str
    exact: str
    exact_text: str
    section: str
    """Where it is from; empty where its section has several, which say by themselves what they are about."""
    target: str


class Source(NamedTuple):
    """A source, and when it was last looked at to the end."""

    name: str
    seen_at: Shown | None
    warning: str


def render_page(report: Report) -> str:
    """The whole page. The same report gives the same text."""
    style, script = _read(_STYLES), _read(_SCRIPTS)
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    sources = _concerned(report)
    template = _environment().get_template("page.html")
    return template.render(
        report=report,
        title=plain(" ".join(filter(None, (report.definition.title, report.subject)))),
        made_at=show(report.made_at, _MOMENT),
        policy=policy,
        icon=_ICON,
        style=style,
        script=script,
        sources=[_source(report, *source) for source in sources[:MOST_SOURCES]],
        sources_left=max(len(sources) - MOST_SOURCES, 0),
        figures=_figures(report),
        parts=[_part(report, answer, number) for number, answer in enumerate(report.answers, start=1)],
    )


def _part(report: Report, answer: Answer, number: int) -> Part:
    section = answer.section
    drawn = draw_chart(section.chart, answer.columns, answer.rows, report.made_at) if section.chart else None
    rows = len(answer.rows)
    return Part(
        _id(number),
        section.title,
        section.text,
        section.nothing or "There is nothing of this kind.",
        section.chart.kind if section.chart else "",
        drawn,
        f"It is drawn of the first {grouped(rows)} of {grouped(answer.count)} rows." if rows < answer.count else "",
        make_table(answer),
        answer.query.name,
        answer.values,
        answer.sql or answer.query.sql,
        answer.call,
    )


def _id(number: int) -> str:
    return f"part-{number}"


def _figures(report: Report) -> list[Large]:
    figures = []
    for number, answer in enumerate(report.answers, start=1):
        columns = {column.name: column for column in answer.columns}
        alone = len(answer.figures) == 1
        figures += [_figure(answer, columns[name], number, alone) for name in answer.figures]
    return figures[:MOST_FIGURES]


def _figure(answer: Answer, column: Column, number: int, alone: bool) -> Large:
    shown = show(answer.figures[column.name], column)
    value, _, unit = shown.text.rpartition("\u202f") if shown.kind in ("bytes", "percent") else (shown.text, "", "")
    exact = f"{grouped(shown.exact)} bytes" if shown.kind == "bytes" else shown.exact
    return Large(
        heading(column), value, unit, shown.exact, exact, plain(answer.section.title) if alone else "", _id(number)
    )


def _concerned(report: Report) -> list[tuple[str, datetime | None]]:
    """The sources that the report is about: the one asked for, those that know what was asked for, or all."""
    if asked := report.values.get("source"):
        named = {asked}
    elif report.subject:
        named = {
            str(row[place])
            for answer in report.answers
            for place, column in enumerate(answer.columns)
            if column.name == "source"
            for row in answer.rows
        }
    else:
        return report.sources
    return [source for source in report.sources if source[0] in named] or report.sources


def _source(report: Report, name: str, seen_at: datetime | None) -> Source:
    if seen_at is None:
        return Source(name, None, "incomplete")
    age = in_utc(report.made_at) - in_utc(seen_at)
    warning = f"{grouped(age.days)} days old" if age > STALE else ""
    return Source(name, show(seen_at, _MOMENT), warning)


def _read(names: tuple[str, ...]) -> str:
    return "\n".join((_FOLDER / name).read_text("utf-8") for name in names)


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "plain": plain,
        "plain_lines": lambda text: printable(text, keep="\n"),
        "grouped": grouped,
        "length_of": lambda length: f"{length:g}",
    }
    environment.globals["long_text"] = LONG_TEXT
    cells: Any = environment.get_template("cells.html").module
    environment.globals |= {"time": cells.time, "value": cells.value, "drawing": cells.drawing}
    return environment
