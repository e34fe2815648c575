"""The pages of `imgindex show` on both engines: the same text asks both, so they have to say the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from imgindex.query.show.open import open_page
from tests.queries import small, test_drift
from tests.queries.conftest import Open
from tests.stores import Database

THINGS = {
    "a tag": ("small", "reg.example/team/web:1"),
    "a tag of several platforms": ("small", "reg.example/team/multi:1"),
    "an image": ("small", small.W1.config.digest),
    "a manifest": ("small", small.W1.manifest.digest),
    "a layer": ("small", small.LIBS.diff_id),
    "a blob": ("small", small.LIBS.blob.digest),
    "a tag that moved": ("moves", test_drift.WEB + ":latest"),
}
STORES: dict[str, Callable[[Path, Database], None]] = {"small": small.make_small, "moves": test_drift.make}


@pytest.mark.parametrize("thing", THINGS)
def test_both_engines_show_the_same(thing: str, open_duckdb: Open, open_postgresql: Open) -> None:
    store, text = THINGS[thing]
    pages = [open_page(opener(store, STORES[store]).engine, text) for opener in (open_duckdb, open_postgresql)]
    assert len(pages[0].sections) > 3
    assert pages[0] == pages[1]
