"""The views that users and BI tools rely on. Names and columns are a contract: added to, never renamed."""

from __future__ import annotations

from imgindex.store.views import carriers, images, intervals, manifests, moves, places, sharing, tags, units
from imgindex.store.views.parts import View

__all__ = ["VIEWS", "View"]

VIEWS: tuple[View, ...] = (
    *carriers.ALL,
    *intervals.ALL,
    *units.ALL,
    *manifests.ALL,
    *tags.ALL,
    *moves.ALL,
    *sharing.ALL,
    *images.ALL,
    *places.ALL,
)
"""In the order of creation: a view stands after those that it is made of."""
