"""Bars: one a row, the longest as long as there is room; a darker part says how much of it is of a kind.

local/redis    ████████████░░░░░░  1.20 GB
"""

from __future__ import annotations

from markupsafe import Markup

from imgindex.query.result import Row
from imgindex.report.html.charts.plot import Drawing, Plot
from imgindex.report.html.charts.svg import fit_end, joined, mark, rect, text
from imgindex.report.html.shown import grouped, heading, phrase

MOST = 30
"""The most bars that are drawn."""
_VALUE_ROOM = 84
_LABEL_SHARE = 0.34


def draw_bars(plot: Plot, width: int) -> Drawing | None:
    """One bar a row in the answer's order; None where no row has a value."""
    rows = [row for row in plot.rows if plot.number(row, "value") is not None][:MOST]
    if not rows:
        return None
    longest = max(plot.number(row, "value") or 0 for row in rows)
    narrow = width < 500
    step = 42 if narrow else 26
    bars = (_bar(plot, row, number * step, width, longest, narrow) for number, row in enumerate(rows))
    return Drawing(
        width, step * len(rows), joined(bars), _summary(plot, rows), _left_out(plot, len(rows)), _legend(plot)
    )


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


def _summary(plot: Plot, rows: list[Row]) -> str:
    most = max(rows, key=lambda row: plot.number(row, "value") or 0)
    return (
        f"{phrase(plot.column('value'))} by {phrase(plot.column('label'))}. "
        f"The most is {plot.shown('value', plot.value(most, 'value'))}, {plot.label(most, 'label')}."
    )


def _left_out(plot: Plot, drawn: int) -> str:
    """What the drawing lacks."""
    return "" if drawn == len(plot.rows) else f"{grouped(drawn)} of {grouped(len(plot.rows))} rows are drawn."


def _legend(plot: Plot) -> tuple[tuple[str, str], ...]:
    if not plot.has("part"):
        return ()
    return (("part", heading(plot.column("part"))), ("bar", f"the rest of {heading(plot.column('value'))}"))
