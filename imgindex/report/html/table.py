"""The table of a section: the first rows of its answer, and what they do not show, counted.

A column of text that says the same in every row is taken out of the table and said once below it: most often the
source. Of an answer that was cut, only what no chart draws: a lane that fills the first rows is not the only one.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from imgindex.query.result import Column
from imgindex.report.html.shown import Shown, grouped, heading, show, trim
from imgindex.report.model import Answer

MOST_CHARACTERS = 150_000
"""How much text a table may have before its long texts are cut."""

_LIMIT = re.compile(r" -p limit=[0-9]+")
_LEAST_ROWS = 3
"""In fewer rows, saying the same is no pattern."""


class Head(NamedTuple):
    """The head of one column."""

    column: str
    words: str
    kind: str
    """number, time or text: how it is sorted."""

    @property
    def number(self) -> bool:
        return self.kind == "number"


class Table(NamedTuple):
    """What a template needs to write it."""

    caption: str
    heads: list[Head]
    rows: list[list[Shown]]
    note: str
    """How many rows there are."""
    cut: bool
    whole: str
    """The command that answers all of them."""
    same: list[tuple[str, Shown]]
    """What is the same in every row: the column's heading, and the value."""


def make_table(answer: Answer) -> Table:
    """The table of the first rows, at most as many as the section says."""
    rows = answer.rows[: answer.section.rows]
    places = _places(answer)
    same = [place for place in places if _is_same(answer, place)]
    if len(same) == len(places):
        same = []
    shown = [place for place in places if place not in same]
    columns = [answer.columns[place] for place in shown]
    cells = [[show(row[place], answer.columns[place]) for place in shown] for row in rows]
    return Table(
        answer.query.question,
        [Head(column.name, heading(column), _kind(column)) for column in columns],
        _trim(cells),
        _note(len(rows), answer.count),
        len(rows) < answer.count,
        _whole(answer),
        [(heading(answer.columns[place]), show(rows[0][place], answer.columns[place])) for place in same],
    )


def _trim(cells: list[list[Shown]]) -> list[list[Shown]]:
    """The cells, long texts cut where they are so many that the page would be too large to open quickly."""
    if sum(len(cell.text) for row in cells for cell in row) <= MOST_CHARACTERS:
        return cells
    return [[trim(cell) for cell in row] for row in cells]


def _whole(answer: Answer) -> str:
    """The command that answers every row: a limit that was set for the report is raised to what there is."""
    if not answer.call:
        return ""
    call = _LIMIT.sub("", answer.call)
    raised = f" -p limit={answer.count}" if "limit" in answer.values else ""
    return f"{call}{raised} --format csv"


def _places(answer: Answer) -> list[int]:
    """Which columns the table shows, in its order."""
    names = [column.name for column in answer.columns]
    wanted = answer.section.columns or tuple(names)
    return [names.index(name) for name in wanted if name in names]


def _is_same(answer: Answer, place: int) -> bool:
    rows, column = answer.rows, answer.columns[place]
    if len(rows) < _LEAST_ROWS or column.type != "TEXT":
        return False
    chart = answer.section.chart
    if len(rows) < answer.count and chart and column.name in re.split(r", *", ",".join(chart.roles.values())):
        return False
    return rows[0][place] is not None and all(row[place] == rows[0][place] for row in rows)


def _kind(column: Column) -> str:
    if column.is_number:
        return "number"
    return "time" if column.type in ("TIMESTAMPTZ", "TIMESTAMP", "DATE") else "text"


def _note(shown: int, count: int) -> str:
    if shown < count:
        return f"{grouped(shown)} of {grouped(count)} rows."
    return "1 row." if count == 1 else f"{grouped(count)} rows."
