"""Columns: one a day or month, as high as its value; series stand upon each other.

The time axis is true: a month without a row is a gap, not a neighbour.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import pairwise

from markupsafe import Markup

from imgindex.query.result import Row
from imgindex.report.html.charts.axis import in_utc, later, position, time_ticks, value_ticks
from imgindex.report.html.charts.plot import Drawing, Plot
from imgindex.report.html.charts.svg import SMALL, joined, line, mark, rect, text, text_width
from imgindex.report.html.shown import cut, grouped, heading, phrase, time_text

MOST = 732
"""The most columns that are drawn: the last ones of the time."""
MOST_SERIES = 6
OTHERS = "others"
_FOOT = 26
_TOP = 10
_BROADEST = 40.0
"""How broad a column may be: a slab says nothing."""

_ROUND = re.compile(r"\.0+(?![0-9])")
"""What a round number needs not say."""

Stack = dict[str, float]


def draw_columns(plot: Plot, width: int) -> Drawing | None:
    """The values over time; None where no row has a time and a value."""
    stacks = _stacks(plot)
    if not stacks:
        return None
    times = sorted(stacks)[-MOST:]
    series = _series(plot, stacks)
    height = 200 if width < 500 else 280
    ticks = value_ticks(max(sum(stacks[time].values()) for time in times))
    labels = [_ROUND.sub("", plot.shown("value", round(tick))) for tick in ticks]
    left = max(text_width(label, SMALL) for label in labels) + 10
    frame = _Frame(left, width - left - 4, height - _TOP - _FOOT, ticks[-1] or 1, *_span(times))
    parts = [
        *_grid(frame, list(zip(ticks, labels, strict=True)), width),
        *_times(frame, 4 if width < 500 else 9),
        *(_column(plot, frame, time, stacks[time], series) for time in times),
    ]
    left_out = f"{grouped(len(times))} of {grouped(len(stacks))} columns are drawn, the last ones."
    return Drawing(
        width,
        height,
        joined(parts),
        _summary(plot, stacks, times),
        left_out if len(times) < len(stacks) else "",
        tuple((f"c{number}", cut(name)) for name, number in series.items()) if len(series) > 1 else (),
    )


class _Frame:
    """Where a time and a value lie."""

    def __init__(
        self, left: float, width: float, height: float, most: float, start: datetime, end: datetime, step: timedelta
    ) -> None:
        self.left, self.width, self.height, self.most, self.start, self.end = left, width, height, most, start, end
        self.step = step
        room = max(width * min(step / (end - start), 1), 1) if end > start else width
        self.bar = min(room, _BROADEST)

    def x(self, moment: datetime) -> float:
        return self.left + position(moment, self.start, self.end, self.width)

    def y(self, value: float) -> float:
        return _TOP + self.height * (1 - value / self.most)


def _stacks(plot: Plot) -> dict[datetime, Stack]:
    """The sum of each time and series."""
    stacks: dict[datetime, Stack] = defaultdict(lambda: defaultdict(float))
    for row in plot.rows:
        time, value = plot.value(row, "time"), plot.number(row, "value")
        if isinstance(time, datetime) and value is not None:
            stacks[in_utc(time)][_name(plot, row)] += value
    return stacks


def _name(plot: Plot, row: Row) -> str:
    return plot.whole(row, "series") if plot.has("series") else ""


def _series(plot: Plot, stacks: Mapping[datetime, Stack]) -> dict[str, int]:
    """The largest series and their colours; the rest are others, in grey."""
    sums: dict[str, float] = defaultdict(float)
    for stack in stacks.values():
        for name, value in stack.items():
            sums[name] += value
    largest = sorted(sums, key=lambda name: (-sums[name], name))
    series = {name: number for number, name in enumerate(largest[:MOST_SERIES], start=1)}
    return series if len(largest) <= MOST_SERIES else {**series, OTHERS: 0}


def _span(times: list[datetime]) -> tuple[datetime, datetime, timedelta]:
    """From the first column's start to the last one's end, and how broad one is."""
    step = min((after - before for before, after in pairwise(times)), default=timedelta(days=1))
    return times[0], later(times[-1], step), step


def _grid(frame: _Frame, ticks: list[tuple[float, str]], width: int) -> Iterator[Markup]:
    for value, label in ticks:
        y = frame.y(value)
        yield line(frame.left, y, width, y, "grid" if value else "axis")
        yield text(frame.left - 8, y + 4, label, "tick", "end")


def _times(frame: _Frame, count: int) -> Iterator[Markup]:
    foot = _TOP + frame.height
    for tick in time_ticks(frame.start, later(frame.end, -frame.step), count, frame.step):
        x = frame.x(tick.at)
        yield line(x, foot, x, foot + 4, "axis")
        if x + text_width(tick.label, SMALL) < frame.left + frame.width + 8:
            yield text(x, foot + 18, tick.label, "tick")


def _column(plot: Plot, frame: _Frame, time: datetime, stack: Stack, series: Mapping[str, int]) -> Markup:
    merged: Stack = defaultdict(float)
    for name, value in stack.items():
        merged[name if name in series else OTHERS] += value
    x, below, shapes = frame.x(time), 0.0, []
    gap = 1 if frame.bar > 4 else 0
    shapes.append(rect(x, _TOP, frame.bar, frame.height, "hit"))
    for name, number in series.items():
        if value := merged.get(name, 0):
            top = frame.y(below + value)
            shapes.append(rect(x, top, frame.bar - gap, frame.y(below) - top, f"c{number}"))
            below += value
    lines = [time_text(time), f"{heading(plot.column('value'))}: {_written(plot, sum(stack.values()))}"]
    if plot.has("series"):
        lines += [f"{cut(name)}: {_written(plot, merged[name])}" for name in series if merged.get(name)]
    return mark("\n".join(lines), *shapes)


def _written(plot: Plot, value: float) -> str:
    return plot.shown("value", int(value) if value == int(value) else value)


def _summary(plot: Plot, stacks: Mapping[datetime, Stack], times: list[datetime]) -> str:
    highest = max(times, key=lambda time: sum(stacks[time].values()))
    return (
        f"{phrase(plot.column('value'))} from {time_text(times[0])} to {time_text(times[-1])}. "
        f"The most is {_written(plot, sum(stacks[highest].values()))}, at {time_text(highest)}."
    )
