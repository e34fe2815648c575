"""A timeline: a lane for each thing, and on it the spans in which it was something.

Spans of one lane that stand for the same have the same colour, so that what came back is seen to come back. A span
without an end lasts until the report was made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup

from imgindex.query.result import Row
from imgindex.report.html.charts.axis import in_utc, later, position, time_ticks
from imgindex.report.html.charts.plot import Drawing, Plot
from imgindex.report.html.charts.svg import SMALL, element, fit, fit_end, joined, line, mark, rect, text, text_width
from imgindex.report.html.shown import grouped, heading, phrase, time_text

MOST_LANES = 24
MOST_SPANS = 1200
COLOURS = 4
_FOOT = 24
_LABEL_SHARE = 0.3
_LEAST_LENGTH = 3.0
_AFTER = 0.25
"""How much of the time of all events is drawn after the last one: what lasts still needs no more room."""


@dataclass(frozen=True, slots=True)
class Span:
    """A row with a start."""

    row: Row
    start: datetime
    end: datetime
    open: bool


def draw_timeline(plot: Plot, width: int) -> Drawing | None:
    """The spans by lane, lanes in the answer's order; None where no row has a start."""
    lanes = make_lanes(plot)
    if not lanes:
        return None
    drawn = _cut(lanes)
    narrow = width < 500
    spans = [span for lane in drawn.values() for span in lane]
    start = min(span.start for span in spans)
    end = _end(spans, start)
    left = 0.0 if narrow else width * _LABEL_SHARE
    step = 40 if narrow else 28
    frame = _Frame(left, width - left - 8, start, end, step, 20 if narrow else 5)
    height = step * len(drawn) + 4
    parts = [*_times(frame, height, 4 if narrow else 7)]
    for number, lane in enumerate(drawn.values()):
        parts += _lane(plot, frame, number, lane)
    return Drawing(width, height + _FOOT, joined(parts), _summary(plot, lanes, start), _left_out(plot, lanes, drawn))


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where lanes and times lie."""

    left: float
    width: float
    start: datetime
    end: datetime
    step: int
    above: int

    def x(self, moment: datetime) -> float:
        return self.left + position(moment, self.start, self.end, self.width)


Lanes = dict[tuple[str, int], list[Span]]
"""The spans of each lane by its name. What lasts at the same time lies on numbered lanes of the same name."""


def make_lanes(plot: Plot) -> Lanes:
    """The spans of each lane by their start; rows without a start are none."""
    named: dict[str, list[Span]] = {}
    for row in plot.rows:
        start, end = plot.value(row, "start"), plot.value(row, "end")
        if not isinstance(start, datetime):
            continue
        start = in_utc(start)
        last = in_utc(end) if isinstance(end, datetime) else max(in_utc(plot.now), start)
        span = Span(row, start, max(last, start), not isinstance(end, datetime))
        named.setdefault(plot.whole(row, "lane"), []).append(span)
    lanes: Lanes = {}
    for name, spans in named.items():
        ends: list[datetime] = []
        for span in sorted(spans, key=lambda span: (span.start, span.end)):
            free = next((number for number, end in enumerate(ends) if end <= span.start), len(ends))
            ends[free : free + 1] = [span.end]
            lanes.setdefault((name, free), []).append(span)
    return lanes


def _cut(lanes: Lanes) -> Lanes:
    """The first lanes, and of each the last spans."""
    shown = dict(list(lanes.items())[:MOST_LANES])
    most = max(MOST_SPANS // len(shown), 1)
    return {name: lane[-most:] for name, lane in shown.items()}


def _end(spans: list[Span], start: datetime) -> datetime:
    """Where the axis ends: now, or soon after the last event if that was long ago."""
    last = max(span.start if span.open else span.end for span in spans)
    after = max((last - start) * _AFTER, timedelta(minutes=1))
    end = max(span.end for span in spans)
    if last > start:
        end = min(end, later(last, after))
    return max(end, later(start, timedelta(minutes=1)))


def _times(frame: _Frame, height: float, count: int) -> Iterator[Markup]:
    for tick in time_ticks(frame.start, frame.end, count):
        x = frame.x(tick.at)
        yield line(x, 0, x, height, "grid")
        if x + text_width(tick.label, SMALL) < frame.left + frame.width + 10:
            yield text(x + 3, height + 16, tick.label, "tick")
    yield line(frame.left, height, frame.left + frame.width, height, "axis")


def _lane(plot: Plot, frame: _Frame, number: int, lane: list[Span]) -> Iterator[Markup]:
    top = number * frame.step
    name = plot.label(lane[0].row, "lane")
    if frame.left:
        yield text(frame.left - 10, top + 18, fit_end(name, frame.left - 14), "", "end")
    else:
        yield text(0, top + 14, fit_end(name, frame.width))
    labels = dict.fromkeys(plot.whole(span.row, "label") for span in reversed(lane))
    colours = {label: place % COLOURS for place, label in enumerate(labels)}
    for span in lane:
        colour = colours[plot.whole(span.row, "label")]
        x, end = frame.x(span.start), frame.x(span.end)
        length = max(end - x - 0.75, _LEAST_LENGTH)
        shapes = [rect(x, top + frame.above, length, 16, f"t{colour}")]
        if words := fit(plot.label(span.row, "label"), length - 10, SMALL):
            shapes.append(text(x + 5, top + frame.above + 12, words, "on"))
        if span.open:
            y = top + frame.above
            shapes.append(element("path", d=f"M{end - 0.75:.2f} {y}l6 8l-6 8z", class_=f"t{colour}"))
        yield mark(_hint(plot, span), *shapes)


def _hint(plot: Plot, span: Span) -> str:
    until = "still so" if span.open else time_text(span.end)
    lines = [plot.hint(span.row, "lane"), plot.hint(span.row, "label"), f"{time_text(span.start)} – {until}"]
    if plot.has("detail"):
        lines.append(f"{heading(plot.column('detail'))}: {plot.hint(span.row, 'detail')}")
    return "\n".join(lines)


def _summary(plot: Plot, lanes: Lanes, start: datetime) -> str:
    spans = sum(len(lane) for lane in lanes.values())
    busiest = max(lanes.values(), key=len)
    return (
        f"{grouped(spans)} spans of {phrase(plot.column('label'))} on {grouped(len(lanes))} lanes since "
        f"{time_text(start)}. The most are on {plot.label(busiest[0].row, 'lane')}, {grouped(len(busiest))}."
    )


def _left_out(plot: Plot, lanes: Lanes, drawn: Lanes) -> str:
    words = []
    if len(drawn) < len(lanes):
        words.append(f"{grouped(len(drawn))} of {grouped(len(lanes))} lanes are drawn.")
    cut = sum(len(lanes[name]) - len(lane) for name, lane in drawn.items())
    if cut:
        words.append(f"{grouped(cut)} earlier spans are left out.")
    undated = len(plot.rows) - sum(len(lane) for lane in lanes.values())
    if undated:
        words.append(
            "1 row without a start is not drawn."
            if undated == 1
            else f"{grouped(undated)} rows without a start are not drawn."
        )
    return " ".join(words)
