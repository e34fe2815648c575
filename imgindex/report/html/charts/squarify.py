"""A squarified treemap: rectangles whose areas are as their values, as square as they can be laid.

Bruls, Huizing, van Wijk: Squarified Treemaps (2000). The rectangles cover the whole without a gap or an overlap.

    squarify([6, 3, 3], Box(0, 0, 4, 3)) -> [Box(0, 0, 2, 3), Box(2, 0, 2, 1.5), Box(2, 1.5, 2, 1.5)]
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Box(NamedTuple):
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float

    @property
    def area(self) -> float:
        return self.width * self.height


def squarify(values: Sequence[float], room: Box) -> list[Box]:
    """One box a value in the order given, which must be falling; values are above 0."""
    whole = sum(values)
    scale = room.area / whole if whole else 0
    areas = [value * scale for value in values]
    boxes: list[Box] = []
    start = 0
    while start < len(areas):
        side = min(room.width, room.height)
        end = start + 1
        while end < len(areas) and _worst(areas[start : end + 1], side) <= _worst(areas[start:end], side):
            end += 1
        row, room = _lay(areas[start:end], room)
        boxes += row
        start = end
    return boxes


def _worst(areas: Sequence[float], side: float) -> float:
    """How far from a square the worst of these is, laid along a side of this length."""
    whole = sum(areas)
    if not whole or not side:
        return float("inf")
    return max(side * side * max(areas) / (whole * whole), whole * whole / (side * side * min(areas)))


def _lay(areas: Sequence[float], room: Box) -> tuple[list[Box], Box]:
    """The boxes of one row along the shorter side, and the room that is left."""
    whole = sum(areas)
    boxes = []
    if room.width >= room.height:
        depth = whole / room.height if room.height else 0
        y = room.y
        for area in areas:
            boxes.append(Box(room.x, y, depth, room.height * area / whole))
            y += boxes[-1].height
        return boxes, Box(room.x + depth, room.y, max(room.width - depth, 0), room.height)
    depth = whole / room.width if room.width else 0
    x = room.x
    for area in areas:
        boxes.append(Box(x, room.y, room.width * area / whole, depth))
        x += boxes[-1].width
    return boxes, Box(room.x, room.y + depth, room.width, max(room.height - depth, 0))
