"""Descriptors that claim more bytes than a BIGINT holds in sum: totals are NULL, and every query still answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.builders import OCI_LAYER, Layout, digest_of
from tests.queries.conftest import CATALOG, Index, Open
from tests.queries.test_shipped import values_of
from tests.stores import Database, image_of, layer_of

VAST = [{"mediaType": OCI_LAYER, "digest": digest_of(b"%d" % number), "size": 2**63 - 1} for number in range(3)]
STACK = [layer_of(b"%d" % number) for number in range(3)]


def make_vast(folder: Path, db: Database) -> None:
    """Two images in two repositories; each claims the same three layers of 2^63 - 1 bytes, none of which is there."""
    layout = Layout(folder / "layout")
    for number, name in enumerate(("os:1", "team/web:1")):
        made = image_of(*STACK, manifest={"layers": VAST}, config={"Labels": {"team": str(number)}})
        layout.add(made, name)
    for layer in STACK:
        layout.blob(layer.blob.digest).unlink()
    db.look(layout.path, name="vast")


@pytest.fixture
def vast(open_index: Open) -> Index:
    return open_index("vast", make_vast)


def test_every_query_answers(vast: Index) -> None:
    for query in CATALOG.all():
        vast.ask(query.name, **values_of(query))


@pytest.mark.parametrize(
    ("query", "values", "columns"),
    [
        ("sharing/images-sharing-with", {"image": "os:1"}, ["shared_bytes"]),
        ("sharing/images-like", {"image": "os:1"}, ["likeness_percent", "shared_bytes", "own_bytes"]),
        ("sharing/overlap", {"one": "os%", "other": "team%"}, ["one_bytes", "shared_bytes", "together_bytes"]),
        ("sharing/repository-overlap", {}, ["shared_bytes", "layer_bytes", "other_layer_bytes"]),
        ("size/by-label", {"label": "team"}, ["layer_bytes", "split_bytes"]),
        ("size/by-repository", {}, ["layer_bytes", "shared_bytes", "split_bytes"]),
        ("size/freed-by-deleting", {}, ["size_bytes", "freed_bytes"]),
        ("size/growth-by-month", {}, ["added_bytes", "total_bytes"]),
    ],
)
def test_a_sum_beyond_a_bigint_is_null(vast: Index, query: str, values: dict[str, str], columns: list[str]) -> None:
    answer = vast.ask(query, **values).only(*columns)
    assert {(None,) * len(columns)} == set(answer)
