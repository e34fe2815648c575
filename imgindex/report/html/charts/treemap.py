"""A treemap: areas as large as their values, levels within each other, what is too small to see counted together.

Every area is exact: a group's name lies upon it and takes no room, and gaps are drawn over the edges. So a GB is as
large wherever it lies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from markupsafe import Markup

from imgindex.report.html.charts.plot import Drawing, Plot
from imgindex.report.html.charts.squarify import Box, squarify
from imgindex.report.html.charts.svg import SMALL, element, fit, joined, mark, rect, text, text_width
from imgindex.report.html.shown import grouped, heading, phrase, short, show

HUES = 6
MOST_CHILDREN = 60
"""The most boxes within one; the rest are one box."""
LEAST_AREA = 300.0
"""What is smaller than this is not drawn by itself."""
_LINE = 16.0
_MARGIN = 5.0
_LEAST_LETTERS = 4
_EDGE = 2.1


@dataclass(slots=True)
class Node:
    """One box: a row, or what several rows have in common."""

    name: str
    hint: str = ""
    value: float = 0
    detail: str = ""
    children: dict[str, Node] = field(default_factory=dict)
    is_digest: bool = False
    others: int = 0
    """How many this stands for together, 0 where it is one."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A node and where it lies."""

    node: Node
    box: Box
    above: tuple[Node, ...]
    hue: int
    leaf: bool


def draw_treemap(plot: Plot, width: int) -> Drawing | None:
    """The values of the rows by path; None where none is above 0."""
    root = make_tree(plot)
    if not root.value:
        return None
    room = Box(0, 0, width, width * (1.3 if width < 500 else 0.6))
    placed = list(place(root, room))
    return Drawing(width, room.height, joined(_draw(plot, placed)), _summary(plot, root), _left_out(placed))


def make_tree(plot: Plot) -> Node:
    """The rows as a tree, each node with the sum of what is below it."""
    root = Node("")
    path = plot.path()
    places = [plot.columns.index(column) for column in path]
    for row in plot.rows:
        value = plot.number(row, "value")
        if not value:
            continue
        node = root
        node.value += value
        for number, column in zip(places, path, strict=True):
            hint = "none" if row[number] is None else show(row[number], column).text.replace("\n", " ")
            name = _own_name(short(row[number], column), node.name)
            node = node.children.setdefault(
                hint, Node(name, hint, is_digest=show(row[number], column).kind == "digest")
            )
            node.value += value
        if plot.has("detail") and not node.detail:
            node.detail = f"{heading(plot.column('detail'))}: {plot.hint(row, 'detail')}"
    return root


def _own_name(name: str, above: str) -> str:
    """What a name says that the one above it does not: of local/redis:7, local/redis:latest only 7."""
    first = name.partition(", ")[0]
    return first.removeprefix(above)[1:] if above and first.startswith((f"{above}:", f"{above}/")) else name


def group_small(node: Node, room: Box) -> list[Node]:
    """The children by size, those together that are too small or too many to be drawn. Their sum is the node's."""
    children = sorted(node.children.values(), key=lambda child: (-child.value, child.hint))
    least = LEAST_AREA * node.value / room.area if room.area else 0
    kept = [child for child in children[:MOST_CHILDREN] if child.value >= least]
    rest = children[len(kept) :]
    if len(rest) < 2:
        return children
    name = f"{grouped(len(rest))} others"
    kept.append(Node(name, name, sum(child.value for child in rest), others=len(rest)))
    return sorted(kept, key=lambda child: -child.value)


def place(root: Node, room: Box) -> Iterator[Placed]:
    """Every box that is drawn, a group before what lies in it."""
    hues = count()
    for node, box in _within(root, room):
        yield from _place(Placed(node, box, (), 0 if node.others else _hue(next(hues)), leaf=True))


def _hue(rank: int) -> int:
    """The largest have colours of their own, all else is grey: many colours say nothing."""
    return rank + 1 if rank < HUES else 0


def _place(placed: Placed) -> Iterator[Placed]:
    inner = _within(placed.node, placed.box) if placed.node.children and placed.box.area > 3 * LEAST_AREA else []
    yield Placed(placed.node, placed.box, placed.above, placed.hue, leaf=not inner)
    for node, box in inner:
        yield from _place(Placed(node, box, (*placed.above, placed.node), placed.hue, leaf=True))


def _within(node: Node, room: Box) -> list[tuple[Node, Box]]:
    children = group_small(node, room)
    return list(zip(children, squarify([child.value for child in children], room), strict=True))


def _draw(plot: Plot, placed: list[Placed]) -> Iterator[Markup]:
    """The boxes, then the edges over them from the inside out, then the names."""
    for item in placed:
        if item.leaf:
            colour = "rest" if item.node.others else f"c{item.hue}"
            yield mark(_hint(plot, item), element("rect", **_corners(item.box), class_=colour))
    for item in sorted(placed, key=lambda item: -len(item.above)):
        yield element("rect", **_corners(item.box), class_=f"edge e{min(len(item.above), 2)}")
    taken: dict[tuple[int, ...], list[Box]] = {}
    for item in placed:
        inherited = taken.get(tuple(map(id, item.above)), [])
        name = _name(item, inherited)
        taken[tuple(map(id, (*item.above, item.node)))] = inherited + ([name[0]] if name else [])
        if name:
            yield name[1]


def _name(item: Placed, taken: list[Box]) -> tuple[Box, Markup] | None:
    """The name of a box, below those of the boxes around it; None where it has no room."""
    box, top = item.box, item.box.y
    for other in taken:
        if box.x < other.x + other.width and top < other.y + other.height:
            top = other.y + other.height
    size = SMALL if item.above else SMALL * 1.12
    words = _fit_name(item.node, box.width - 2 * _MARGIN, size)
    if not words or box.y + box.height - top < _LINE + 2:
        return None
    room = Box(box.x, top, text_width(words, size) + 2 * _MARGIN, _LINE + 2)
    label = text(box.x + _MARGIN, top + _LINE - 3, words, "name" if item.above else "name first")
    if item.leaf:
        return room, label
    # The edges of what lies below would cross the letters.
    ground = rect(box.x + _EDGE, top + _EDGE, min(room.width, box.width - 2 * _EDGE), _LINE - _EDGE, f"c{item.hue}")
    return room, ground + label


def _fit_name(node: Node, width: float, size: float) -> str:
    """As much of a name as says something: a path may lose its start, a digest is whole or not there."""
    last = node.name.rpartition("/")[2]
    for name in (node.name, last):
        if text_width(name, size) <= width:
            return name
    words = "" if node.is_digest else fit(last, width, size)
    return words if len(words) > _LEAST_LETTERS else ""


def _hint(plot: Plot, item: Placed) -> str:
    names = [node.hint for node in (*item.above, item.node)]
    value = item.node.value
    lines = [*names, plot.shown("value", int(value) if value == int(value) else value)]
    return "\n".join([*lines, item.node.detail] if item.node.detail else lines)


def _corners(box: Box) -> dict[str, float]:
    return {"x": box.x, "y": box.y, "width": box.width, "height": box.height}


def _summary(plot: Plot, root: Node) -> str:
    largest = sorted(root.children.values(), key=lambda child: (-child.value, child.hint))[:3]
    of_each = ", ".join(f"{child.name} {plot.shown('value', int(child.value))}" for child in largest)
    levels = ", then ".join(phrase(column) for column in plot.path())
    return (
        f"{phrase(plot.column('value'))} by {levels}: {plot.shown('value', int(root.value))} in all. "
        f"The largest are {of_each}."
    )


def _left_out(placed: list[Placed]) -> str:
    together = sum(item.node.others for item in placed)
    return f"{grouped(together)} that are too small to see are drawn together, as others." if together else ""
