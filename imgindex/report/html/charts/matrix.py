"""A matrix: who shares with whom, and how much. The darker a cell, the more.

Rows and columns have the same numbers, so that long names are written once. What is not in the answer the other way
round is taken from this way: sharing is mutual. A thing with itself is drawn apart and does not set the scale.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping

from markupsafe import Markup

from imgindex.query.result import Row
from imgindex.report.html.charts.plot import Drawing, Plot
from imgindex.report.html.charts.svg import SMALL, fit_end, joined, mark, rect, text, text_width
from imgindex.report.html.shown import cut, grouped, heading, phrase

MOST = 24
MOST_NARROW = 12
STEPS = 5

Cells = Mapping[tuple[str, str], Row]


def draw_matrix(plot: Plot, width: int) -> Drawing | None:
    """A cell for each pair; None where the answer has none."""
    cells, names = _cells(plot)
    shown = names[: MOST_NARROW if width < 500 else MOST]
    if len(shown) < 2:
        return None
    # The same scale at both widths, since they share a legend.
    scaled = set(names[:MOST])
    bounds = scale(
        [
            plot.number(row, "value") or 0
            for (one, other), row in cells.items()
            if one != other and {one, other} <= scaled
        ]
    )
    longest = max(text_width(cut(name)) for name in shown)
    left = min(longest + 34, width * 0.42)
    step = min((width - left) / len(shown), 44.0)
    parts = [*_heads(shown, left, step), *_grid(plot, cells, shown, bounds, left, step)]
    left_out = f"{grouped(len(shown))} of {grouped(len(names))} are drawn." if len(shown) < len(names) else ""
    summary = _summary(plot, cells, shown)
    return Drawing(width, step * len(shown) + 22, joined(parts), summary, left_out, _legend(plot, bounds))


def scale(values: list[float]) -> list[float]:
    """The upper bounds of the steps: each step has as many of the values above 0."""
    ordered = sorted(value for value in values if value > 0)
    bounds = [ordered[min(len(ordered) * step // STEPS, len(ordered) - 1)] for step in range(1, STEPS + 1) if ordered]
    return sorted(set(bounds))


def _cells(plot: Plot) -> tuple[Cells, list[str]]:
    """The row of each pair, both ways, and the names in the answer's order."""
    cells: dict[tuple[str, str], Row] = {}
    names: dict[str, None] = {}
    for row in plot.rows:
        one, other = plot.whole(row, "row"), plot.whole(row, "column")
        names[one] = None
        before = cells.get((one, other))
        if before is None or (plot.number(row, "value") or 0) > (plot.number(before, "value") or 0):
            cells[one, other] = row
    for one, other in list(cells):
        names[other] = None
        cells.setdefault((other, one), cells[one, other])
    return cells, list(names)


def _heads(names: list[str], left: float, step: float) -> Iterator[Markup]:
    for number, name in enumerate(names):
        y = 22 + number * step + step / 2 + 4
        yield text(left - 30, y, fit_end(cut(name), left - 38), "", "end")
        yield text(left - 8, y, str(number + 1), "tick", "end")
        yield text(left + number * step + step / 2, 14, str(number + 1), "tick", "middle")


def _grid(
    plot: Plot, cells: Cells, names: list[str], bounds: list[float], left: float, step: float
) -> Iterator[Markup]:
    for down, one in enumerate(names):
        for along, other in enumerate(names):
            x, y = left + along * step, 22 + down * step
            row = cells.get((one, other))
            value = None if row is None else plot.number(row, "value")
            if row is None or not value:
                yield rect(x + 0.5, y + 0.5, step - 1, step - 1, "cell self" if one == other else "cell s0")
                continue
            number = min(bisect_left(bounds, value), len(bounds) - 1) + STEPS - len(bounds) + 1
            class_ = "self" if one == other else f"s{number}"
            yield mark(_hint(plot, row, one, other), *_cell(plot, row, x, y, step, class_))


def _cell(plot: Plot, row: Row, x: float, y: float, step: float, class_: str) -> Iterator[Markup]:
    yield rect(x + 0.5, y + 0.5, step - 1, step - 1, f"cell {class_}")
    words = plot.shown("value", plot.value(row, "value")).split("\u202f")
    if step < 38 or class_ == "self" or len(words) > 2 or max(text_width(word, SMALL) for word in words) > step - 6:
        return
    for number, word in enumerate(words):
        middle = y + step / 2 + 4 + (number - (len(words) - 1) / 2) * 12
        yield text(x + step / 2, middle, word, f"in {class_}", "middle")


def _hint(plot: Plot, row: Row, one: str, other: str) -> str:
    with_itself = f"{cut(one)}, with itself" if one == other else f"{cut(one)}\n{cut(other)}"
    value = f"{heading(plot.column('value'))}: {plot.shown('value', plot.value(row, 'value'))}"
    detail = f"\n{heading(plot.column('detail'))}: {plot.hint(row, 'detail')}" if plot.has("detail") else ""
    return f"{with_itself}\n{value}{detail}"


def _legend(plot: Plot, bounds: list[float]) -> tuple[tuple[str, str], ...]:
    first = STEPS - len(bounds) + 1
    words = [plot.shown("value", int(bound) if bound == int(bound) else bound) for bound in bounds]
    steps = ((f"s{first + number}", f"up to {word}") for number, word in enumerate(words))
    return (("s0", "nothing"), *steps, ("self", "with itself"))


def _summary(plot: Plot, cells: Cells, names: list[str]) -> str:
    pairs = [
        (plot.number(row, "value") or 0, one, other)
        for (one, other), row in cells.items()
        if one < other and one in names and other in names
    ]
    begin = f"{phrase(plot.column('value'))} between {grouped(len(names))}"
    if not pairs or not max(pairs)[0]:
        return f"{begin}: nothing."
    _, one, other = max(pairs)
    value = plot.shown("value", plot.value(cells[one, other], "value"))
    return f"{begin}. The most is between {cut(one)} and {cut(other)}, {value}."
