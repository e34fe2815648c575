"""Closer looks at a treemap: each of its largest groups drawn alone, so that what is small in the whole can be seen.

A look has the colour of its group as its key, which the boxes of the group have, too.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from imgindex.query.result import Column
from imgindex.report.html.charts.plot import NARROW, WIDE, Drawing, Plot
from imgindex.report.html.charts.tree import Node, by_size, make_tree
from imgindex.report.html.charts.treemap import HUES, draw_treemap
from imgindex.report.html.shown import cut, one_line

LEAST_ROWS = 6
"""Of fewer rows the whole shows enough."""


class Look(NamedTuple):
    """One group at both widths."""

    key: str
    name: str
    value: str
    wide: Drawing
    narrow: Drawing


def look_closer(plot: Plot) -> list[Look]:
    """The largest groups of the first level that has several; none where there is no level below."""
    path = plot.path()
    while len(path) > 1:
        groups = make_tree(replace(plot, roles={"path": path[0].name, "value": plot.roles["value"]})).children.values()
        if len(groups) > 1:
            named = sorted((group for group in groups if not group.is_rest), key=by_size)[:HUES]
            looks = (_look(plot, path, group, f"c{number}") for number, group in enumerate(named, start=1))
            return [look for look in looks if look is not None]
        path = path[1:]
    return []


def _look(plot: Plot, path: list[Column], group: Node, key: str) -> Look | None:
    place = plot.columns.index(path[0])
    rows = [row for row in plot.rows if one_line(row[place], path[0]) == group.hint]
    if len(rows) < LEAST_ROWS:
        return None
    below = ", ".join(level.name for level in path[1:])
    alone = replace(plot, rows=rows, roles={**plot.roles, "path": below})
    wide, narrow = draw_treemap(alone, WIDE, key), draw_treemap(alone, NARROW, key)
    return Look(key, cut(group.hint), plot.shown("value", int(group.value)), wide, narrow) if wide and narrow else None
