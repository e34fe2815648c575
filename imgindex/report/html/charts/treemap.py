"""A treemap: areas as large as their values, levels within each other, what is too small to see counted together.

Every area is exact: a group's name lies upon it and takes no room, and gaps are drawn over the edges. So a GB is as
large wherever it lies.

A level that is the same everywhere is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

from markupsafe import Markup

from imgindex.report.html.charts.plot import Drawing, Plot
from imgindex.report.html.charts.squarify import Box, squarify
from imgindex.report.html.charts.svg import SMALL, element, fit, joined, mark, rect, text, text_width
from imgindex.report.html.charts.tree import LEAST_AREA, Node, by_size, group_small, make_tree
from imgindex.report.html.shown import cut, grouped, phrase

HUES = 6
_LINE = 16.0
_MARGIN = 5.0
_LEAST_LETTERS = 4
_EDGE = 2.1


@dataclass(frozen=True, slots=True)
class Placed:
    """A node and where it lies."""

    node: Node
    box: Box
    above: tuple[Node, ...]
    colour: str
    leaf: bool


def draw_treemap(plot: Plot, width: int, colour: str = "") -> Drawing | None:
    """The values of the rows by path, in one colour if it is given; None where none is above 0."""
    root = make_tree(plot)
    while len(root.children) == 1 and not root.own and (only := next(iter(root.children.values()))).children:
        root = only
    if not root.value:
        return None
    room = Box(0, 0, width, width * (1.3 if width < 500 else 0.6))
    placed = list(place(root, room, colour))
    return Drawing(width, room.height, joined(_draw(plot, placed)), _summary(plot, root), _left_out(placed))


def place(root: Node, room: Box, colour: str = "") -> Iterator[Placed]:
    """Every box that is drawn, a group before what lies in it."""
    ranks = count()
    for node, box in _within(root, room):
        yield from _place(Placed(node, box, (), "rest" if node.is_rest else colour or _colour(next(ranks)), leaf=True))


def _colour(rank: int) -> str:
    """The largest have colours of their own, all else is grey: many colours say nothing."""
    return f"c{rank + 1 if rank < HUES else 0}"


def _place(placed: Placed) -> Iterator[Placed]:
    inner = _within(placed.node, placed.box) if placed.node.children and placed.box.area > 3 * LEAST_AREA else []
    yield Placed(placed.node, placed.box, placed.above, placed.colour, leaf=not inner)
    for node, box in inner:
        yield from _place(Placed(node, box, (*placed.above, placed.node), placed.colour, leaf=True))


def _within(node: Node, room: Box) -> list[tuple[Node, Box]]:
    children = group_small(node, room)
    return list(zip(children, squarify([child.value for child in children], room), strict=True))


def _draw(plot: Plot, placed: list[Placed]) -> Iterator[Markup]:
    """The boxes, then the edges over them from the inside out, then the names."""
    for item in placed:
        if item.leaf:
            yield mark(_hint(plot, item), element("rect", **_corners(item.box), class_=item.colour), key=item.colour)
    for item in sorted(placed, key=lambda item: -len(item.above)):
        yield element("rect", **_corners(item.box), class_=f"edge e{min(len(item.above), 2)}")
    taken: dict[tuple[int, ...], list[Box]] = {}
    for item in placed:
        inherited = taken.get(tuple(map(id, item.above)), [])
        name = _name(plot, item, inherited)
        taken[tuple(map(id, (*item.above, item.node)))] = inherited + ([name[0]] if name else [])
        if name:
            yield name[1]


def _name(plot: Plot, item: Placed, taken: list[Box]) -> tuple[Box, Markup] | None:
    """The name of a box, below those of the boxes around it; None where it has no room."""
    box, top = item.box, item.box.y
    for other in taken:
        if box.x < other.x + other.width and top < other.y + other.height:
            top = other.y + other.height
    size = SMALL if item.above else SMALL * 1.12
    words = _fit_name(item.node, box.width - 2 * _MARGIN, size)
    if words and not item.above:
        valued = f"{words}  {_written(plot, item.node.value)}"
        words = valued if text_width(valued, size) <= box.width - 2 * _MARGIN else words
    if not words or box.y + box.height - top < _LINE + 2:
        return None
    room = Box(box.x, top, text_width(words, size) + 2 * _MARGIN, _LINE + 2)
    label = text(box.x + _MARGIN, top + _LINE - 3, words, "name" if item.above else "name first")
    if item.leaf:
        return room, label
    # The edges of what lies below would cross the letters.
    ground = rect(
        box.x + _EDGE,
        top + _EDGE,
        min(room.width, box.width - 2 * _EDGE),
        _LINE - _EDGE,
        item.colour,
    )
    return room, ground + label


def _fit_name(node: Node, width: float, size: float) -> str:
    """As much of a name as says something: a path may lose its start, a digest is whole or not there."""
    last = node.name if " " in node.name else node.name.rpartition("/")[2]
    for name in (node.name, last):
        if text_width(name, size) <= width:
            return name
    words = "" if node.is_digest else fit(last, width, size)
    return words if len(words) > _LEAST_LETTERS else ""


def _hint(plot: Plot, item: Placed) -> str:
    names = [cut(node.hint) for node in (*item.above, item.node)]
    lines = [*names, _written(plot, item.node.value)]
    return "\n".join([*lines, item.node.detail] if item.node.detail else lines)


def _written(plot: Plot, value: float) -> str:
    return plot.shown("value", int(value) if value == int(value) else value)


def _corners(box: Box) -> dict[str, float]:
    return {"x": box.x, "y": box.y, "width": box.width, "height": box.height}


def _summary(plot: Plot, root: Node) -> str:
    largest = sorted((child for child in root.children.values() if not child.is_rest), key=by_size)[:3]
    of_each = ", ".join(f"{child.name} {_written(plot, child.value)}" for child in largest)
    levels = ", then ".join(phrase(column) for column in plot.path())
    within = f" in {root.name}" if root.name else ""
    return (
        f"{phrase(plot.column('value'))} by {levels}: {_written(plot, root.value)} in all{within}. "
        f"The largest are {of_each}."
    )


def _left_out(placed: list[Placed]) -> str:
    together = sum(item.node.others for item in placed)
    return f"{grouped(together)} that are too small to see are drawn together, as others." if together else ""
