"""A forest: what stands on what, each thing below its parent, with a bar for how much stands on it.

Each child is a step to the right of its parent. Where two that are drawn have the same label, a part of their nodes
tells them apart.

    debian:9  ████████████ 142
    ├ curl    ███████ 96
    └ jre     ██ 31
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from markupsafe import Markup

from imgindex.query.result import Row
from imgindex.report.html.charts.plot import Drawing, Plot
from imgindex.report.html.charts.svg import element, fit, joined, mark, rect, text
from imgindex.report.html.shown import grouped, phrase

MOST = 60
"""The most things that are drawn."""
MOST_CHILDREN = 8
"""The most children of one that are drawn."""
_STEP = 24
_INDENT = 18
_INDENT_NARROW = 9
_DEEPEST = 12
_NODE = 7
"""How much of a node's name tells it apart."""


@dataclass(slots=True)
class Tree:
    """A row, and the rows whose parent it is."""

    row: Row
    children: list[Tree] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the drawing."""

    depth: int
    parent: int | None
    """The number of its parent's line."""
    row: Row | None
    """None where it counts children that are left out."""
    left_out: int = 0


def draw_forest(plot: Plot, width: int) -> Drawing | None:
    """A line each, roots and children by their values; None where there is no row."""
    lines = list(make_lines(plot))[:MOST]
    if not lines:
        return None
    drawn = sum(item.row is not None for item in lines)
    most = max((plot.number(item.row, "value") or 0 for item in lines if item.row is not None), default=0)
    start = width * (0.56 if width < 500 else 0.6)
    indent = _INDENT_NARROW if width < 500 else _INDENT
    labels = _labels(plot, [item.row for item in lines if item.row is not None])
    parts = [
        *_branches(lines, indent),
        *(_line(plot, item, number, indent, start, width, most, labels) for number, item in enumerate(lines)),
    ]
    cut = f"{grouped(drawn)} of {grouped(len(plot.rows))} are drawn." if drawn < len(plot.rows) else ""
    return Drawing(width, _STEP * len(lines), joined(parts), _summary(plot), cut)


def make_forest(plot: Plot) -> list[Tree]:
    """The rows as trees, largest first. A parent that is not in the answer makes a root, and so does a loop."""
    trees: dict[object, Tree] = {}
    for row in plot.rows:
        trees.setdefault(plot.value(row, "node"), Tree(row))
    roots = []
    for node, tree in trees.items():
        parent = trees.get(plot.value(tree.row, "parent"))
        if parent is None or _loops(plot, trees, node):
            roots.append(tree)
        else:
            parent.children.append(tree)
    for tree in trees.values():
        tree.children.sort(key=lambda child: -(plot.number(child.row, "value") or 0))
    return sorted(roots, key=lambda root: -(plot.number(root.row, "value") or 0))


def make_lines(plot: Plot) -> Iterator[Line]:
    """The trees as lines, each below its parent."""
    roots = make_forest(plot)
    waiting: list[tuple[Tree | int, int, int | None]] = [(root, 0, None) for root in reversed(roots)]
    number = 0
    while waiting:
        item, depth, parent = waiting.pop()
        if isinstance(item, int):
            yield Line(depth, parent, None, item)
            number += 1
            continue
        yield Line(depth, parent, item.row)
        shown, rest = item.children[:MOST_CHILDREN], item.children[MOST_CHILDREN:]
        below = min(depth + 1, _DEEPEST)
        if rest:
            waiting.append((len(rest), below, number))
        waiting += [(child, below, number) for child in reversed(shown)]
        number += 1


def _loops(plot: Plot, trees: dict[object, Tree], node: object) -> bool:
    """Whether one comes back to the node by going from parent to parent, and it is the first of those on the way."""
    seen = [node]
    parent = plot.value(trees[node].row, "parent")
    while parent in trees and parent not in seen:
        seen.append(parent)
        parent = plot.value(trees[parent].row, "parent")
    return parent == node and node == min(seen, key=str)


def _labels(plot: Plot, rows: list[Row]) -> dict[Row, str]:
    """What each is called; those that are called the same, by the start of their nodes, too."""
    named = {row: plot.label(row, "label") for row in rows}
    often = Counter(named.values())
    return {
        row: f"{plot.label(row, 'node')[:_NODE]} {name}" if often[name] > 1 else name for row, name in named.items()
    }


def _branches(lines: list[Line], indent: float) -> Iterator[Markup]:
    """The lines that lead from parents to children."""
    for number, item in enumerate(lines):
        if item.parent is None:
            continue
        parent = lines[item.parent]
        x = parent.depth * indent + 6
        top = item.parent * _STEP + _STEP / 2 + 5
        y = number * _STEP + _STEP / 2
        end = f"H{item.depth * indent + 1:g}" if item.depth > parent.depth else ""
        down = y if end else y - 5
        yield element("path", d=f"M{x:g} {top:g}V{down:g}{end}", class_="branch")


def _line(
    plot: Plot,
    item: Line,
    number: int,
    indent: float,
    start: float,
    width: int,
    most: float,
    labels: Mapping[Row, str],
) -> Markup:
    y, x = number * _STEP, item.depth * indent
    if item.row is None:
        return text(x + 14, y + 16, f"{grouped(item.left_out)} others", "tick")
    value = plot.number(item.row, "value") or 0
    length = (width - start - 84) * value / most if most else 0
    return mark(
        plot.hint(item.row, "label", "value", "node", "detail"),
        rect(0, y, width, _STEP, "hit"),
        element("circle", cx=x + 6, cy=y + 12, r=3.5, class_="c1"),
        text(x + 16, y + 16, fit(labels[item.row], start - x - 28)),
        rect(start, y + 6, length, 12, "bar only"),
        text(start + length + 7, y + 16, plot.shown("value", plot.value(item.row, "value")), "value"),
    )


def _summary(plot: Plot) -> str:
    roots = make_forest(plot)
    most = plot.label(roots[0].row, "label")
    value = plot.shown("value", plot.value(roots[0].row, "value"))
    return (
        f"{grouped(len(plot.rows))} in {grouped(len(roots))} trees by {phrase(plot.column('value'))}. "
        f"The most is {value}, {most}."
    )
