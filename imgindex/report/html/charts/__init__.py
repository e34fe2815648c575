"""The kinds of charts, each a pure function from an answer to SVG. Each is drawn twice: for a screen, and for a phone.

figure = draw_chart(chart, answer.columns, answer.rows, report.made_at)
figure.wide.body, figure.narrow.body
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from imgindex.query.result import Column, Row
from imgindex.report.html.charts.bars import draw_bars
from imgindex.report.html.charts.columns import draw_columns
from imgindex.report.html.charts.forest import draw_forest
from imgindex.report.html.charts.looks import Look, look_closer
from imgindex.report.html.charts.matrix import draw_matrix
from imgindex.report.html.charts.plot import NARROW, WIDE, Drawing, Plot
from imgindex.report.html.charts.timeline import draw_timeline
from imgindex.report.html.charts.treemap import draw_treemap
from imgindex.report.model import Chart

__all__ = ["DRAW", "Drawing", "Figure", "Plot", "draw_chart"]

DRAW: Mapping[str, Callable[[Plot, int], Drawing | None]] = {
    "bars": draw_bars,
    "columns": draw_columns,
    "treemap": draw_treemap,
    "matrix": draw_matrix,
    "forest": draw_forest,
    "timeline": draw_timeline,
}
"""How each kind of `model.CHARTS` is drawn."""


class Figure(NamedTuple):
    """A chart at both widths."""

    wide: Drawing
    narrow: Drawing
    looks: list[Look]
    """The largest parts of a treemap, each by itself."""


def draw_chart(chart: Chart, columns: list[Column], rows: list[Row], now: datetime) -> Figure | None:
    """The chart of an answer; None where there is nothing to draw."""
    plot = Plot(columns, rows, chart.roles, now)
    draw = DRAW[chart.kind]
    wide, narrow = draw(plot, WIDE), draw(plot, NARROW)
    if wide is None or narrow is None:
        return None
    return Figure(wide, narrow, look_closer(plot) if chart.kind == "treemap" else [])
