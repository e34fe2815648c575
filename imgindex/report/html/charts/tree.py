"""The rows of an answer as a tree by their paths, each node with the sum of what is below it.

A path may end early, with NULL. What a query has summed up itself is told by its name, as in `other images`; what is
too small to be drawn is summed up here.

    local/redis 3 GB > 7-alpine 2 GB > sha256:… 1 GB
"""

from __future__ import annotations

from dataclasses import dataclass, field

from imgindex.query.result import Column, Row
from imgindex.report.html.charts.plot import Plot
from imgindex.report.html.charts.squarify import Box
from imgindex.report.html.shown import grouped, heading, one_line, short, show

MOST_CHILDREN = 60
"""The most boxes within one; the rest are one box."""
LEAST_AREA = 300.0
"""What is smaller than this is not drawn by itself."""


@dataclass(slots=True)
class Node:
    """One box: a row, or what several rows have in common."""

    name: str
    hint: str = ""
    """The name whole."""
    value: float = 0
    own: float = 0
    """What of the value is in no child."""
    detail: str = ""
    children: dict[str, Node] = field(default_factory=dict)
    is_digest: bool = False
    others: int = 0
    """How many this stands for together, 0 where it is one."""

    @property
    def is_rest(self) -> bool:
        return self.others > 0 or self.name.startswith("other ")


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
        for number, column in _until_null(list(zip(places, path, strict=True)), row):
            hint = one_line(row[number], column)
            name = _own_name(short(row[number], column), node.name)
            node = node.children.setdefault(
                hint, Node(name, hint, is_digest=show(row[number], column).kind == "digest")
            )
            node.value += value
        node.own += value
        if plot.has("detail") and not node.detail:
            node.detail = f"{heading(plot.column('detail'))}: {plot.hint(row, 'detail')}"
    return root


def _until_null(levels: list[tuple[int, Column]], row: Row) -> list[tuple[int, Column]]:
    """The levels of the row's path without the NULLs at its end."""
    while levels and row[levels[-1][0]] is None:
        levels = levels[:-1]
    return levels


def _own_name(name: str, above: str) -> str:
    """What a name says that the one above it does not: of local/redis:7, local/redis:latest only 7."""
    first = name.partition(", ")[0]
    return first.removeprefix(above)[1:] if above and first.startswith((f"{above}:", f"{above}/")) else name


def group_small(node: Node, room: Box) -> list[Node]:
    """The children by size, those together that are too small or too many to be drawn. Their sum is the node's."""
    children = list(node.children.values())
    if children and node.own:
        children.append(Node("other parts", "other parts", node.own))
    children.sort(key=by_size)
    least = LEAST_AREA * node.value / room.area if room.area else 0
    kept = [child for child in children[:MOST_CHILDREN] if child.value >= least]
    rest = children[len(kept) :]
    if len(rest) < 2:
        return children
    name = f"{grouped(len(rest))} others"
    kept.append(Node(name, name, sum(child.value for child in rest), others=len(rest)))
    return sorted(kept, key=by_size)


def by_size(node: Node) -> tuple[bool, float, str]:
    """The largest first, then by name; what is many things together comes last."""
    return node.is_rest, -node.value, node.hint
