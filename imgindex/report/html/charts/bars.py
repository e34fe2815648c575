"""Bars: one a row, the longest as long as there is room; its first part says how much of it is of a kind.

Sizes of several bases are never compared: where an answer has a column `basis` with several, each has its bars
together, under its name and on a scale of its own.

local/redis    ████████████░░░░░░  1.20 GB
"""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from imgindex.query.result import Row
from imgindex.report.html.charts.plot import Drawing, Plot
from imgindex.report.html.charts.svg import fit_end, joined, mark, rect, text
from imgindex.report.html.shown import grouped, heading, one_line, phrase

MOST = 30
"""The most bars that are drawn."""
_VALUE_ROOM = 84
_HEAD = 26
_LABEL_SHARE = 0.34


def draw_bars(plot: Plot, width: int) -> Drawing | None:
    """One bar a row in the answer's order; None where no row has a value."""
    rows = [row for row in plot.rows if plot.number(row, "value") is not None][:MOST]
    if not rows:
        return None
    narrow = width < 500
    step = 42 if narrow else 26
    top, parts = 0, []
    groups = _by_basis(plot, rows)
    for basis, group in groups.items():
        if len(groups) > 1:
            parts.append(text(0, top + 16, basis, "head"))
            top += _HEAD
        longest = max(plot.number(row, "value") or 0 for row in group)
        parts += [_bar(plot, row, top + number * step, width, longest, narrow) for number, row in enumerate(group)]
        top += step * len(group)
    return Drawing(width, top, joined(parts), _summary(plot, groups), _left_out(plot, len(rows)), _legend(plot))


def _by_basis(plot: Plot, rows: list[Row]) -> dict[str, list[Row]]:
    """The rows of each basis, in the answer's order; all together, where the answer names none."""
    place = next((number for number, column in enumerate(plot.columns) if column.name == "basis"), None)
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(
            "" if place is None else one_line(row[place], plot.columns[place]).replace("_", " "), []
        ).append(row)
    return groups


def _bar(plot: Plot, row: Row, top: float, width: int, longest: float, narrow: bool) -> Markup:
    value, part = plot.number(row, "value") or 0, plot.number(row, "part")
    start = 0 if narrow else width * _LABEL_SHARE
    room = width - start - _VALUE_ROOM
    length = room * value / longest if longest else 0
    label = fit_end(plot.label(row, "label"), width if narrow else start - 14)
    bar_top = top + (18 if narrow else 5)
    shapes = [
        rect(0, top, width, 40 if narrow else 26, "hit"),
        text(0, top + (12 if narrow else 17), label) if narrow else text(start - 10, top + 17, label, "", "end"),
        rect(start, bar_top, length, 16, "bar" if plot.has("part") else "bar only"),
    ]
    if part is not None and value:
        shapes.append(rect(start, bar_top, length * min(part / value, 1), 16, "part"))
    written = plot.shown("value", plot.value(row, "value"))
    shapes.append(text(start + length + 7, bar_top + 12.5, written, "value"))
    return mark(plot.hint(row, "label", "value", "part", "detail"), *shapes)


def _summary(plot: Plot, groups: Mapping[str, list[Row]]) -> str:
    told = [f"{phrase(plot.column('value'))} by {phrase(plot.column('label'))}."]
    for basis, rows in groups.items():
        most = max(rows, key=lambda row: plot.number(row, "value") or 0)
        of_basis = f", {basis}," if len(groups) > 1 else ""
        value = plot.shown("value", plot.value(most, "value"))
        told.append(f"The most{of_basis} is {value}, {plot.label(most, 'label')}.")
    return " ".join(told)


def _left_out(plot: Plot, drawn: int) -> str:
    """What the drawing lacks."""
    return "" if drawn == len(plot.rows) else f"{grouped(drawn)} of {grouped(len(plot.rows))} rows are drawn."


def _legend(plot: Plot) -> tuple[tuple[str, str], ...]:
    if not plot.has("part"):
        return ()
    return (
        ("part", heading(plot.column("part"))),
        ("bar", f"{heading(plot.column('value'))}, the whole bar"),
    )
