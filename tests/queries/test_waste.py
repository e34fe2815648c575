"""What is kept twice, and what agreeing on one would save; see `tests.queries.waste` and `small` for the layers."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.queries.conftest import Index, Open
from tests.queries.small import OS as SMALL_OS
from tests.queries.waste import B1, B2, EMPTY, ORPHAN, B, make_waste

PLATFORM = "linux/amd64"


@pytest.fixture
def waste(open_index: Open) -> Index:
    return open_index("waste", make_waste)


def test_base_to_agree_on(waste: Index) -> None:
    # On base/os:1 stand A and B, on base/os:2 C. Its root goes with a base, common stays: D has it from elsewhere.
    answer = waste.ask("sharing/base-to-agree-on")
    base = ("waste", "compressed", "local/base/os", PLATFORM)
    assert [(*base, B1.config.digest, 2, 2, 1, 150), (*base, B2.config.digest, 2, 1, 2, 100)] == answer.rows


def test_base_to_agree_on_needs_two_versions_of_a_base(small: Index) -> None:
    assert [] == small.ask("sharing/base-to-agree-on").rows


def test_empty_layers(waste: Index) -> None:
    answer = waste.ask("sharing/empty-layers")
    assert [("waste", "compressed", EMPTY.diff_id, 2, 3, 2, 1, 32)] == answer.rows


def test_repeats_within_images(waste: Index) -> None:
    answer = waste.ask("sharing/repeats-within-images")
    assert [("waste", "compressed", B.config.digest, "local/team/b:1", EMPTY.diff_id, 2, 2, 32)] == answer.rows


def test_rebuilt_layers(waste: Index) -> None:
    answer = waste.ask("sharing/rebuilt-layers")
    run = ("waste", "compressed", "RUN")
    assert [
        (*run, "RUN step 1", None, 3, 100 + 150 + 40, 140),
        (*run, "RUN step 3", None, 2, 20 + 30, 20),
        (*run, "RUN step 2", None, 2, 10 + 32, 10),
    ] == answer.rows


def test_rebuilt_layers_on_one_base(waste: Index, small: Index) -> None:
    # On common lie root1, root2 and d; on root1 lie a and, by the same text, the first empty layer of B.
    answer = waste.ask("sharing/rebuilt-layers", same_base="true")
    common, root1 = B1.chain_ids
    assert [("RUN step 1", common, 3, 140), ("RUN step 2", root1, 2, 10)] == answer.only(
        "created_by", "below_chain_id", "layer_count", "wasted_bytes"
    )
    in_small = small.ask("sharing/rebuilt-layers", same_base="true", source="lay")
    assert [("RUN step 2", SMALL_OS.chain_ids[-1], 2, 47, 7)] == in_small.only(
        "created_by", "below_chain_id", "layer_count", "layer_bytes", "wasted_bytes"
    )


def test_units_compared(waste: Index) -> None:
    answer = waste.ask("sharing/units-compared")
    by_image = 150 + 200 + 160 + 202 + 262 + 90
    once = 50 + 100 + 150 + 10 + 20 + 30 + 40 + 32
    compressed = ("waste", "compressed")
    assert [
        (*compressed, "image", 17, by_image, 0, Decimal("0.00"), 0),
        (*compressed, "chain", 10, once + 2 * 32, by_image - once - 2 * 32, Decimal("53.38"), 0),
        (*compressed, "blob", 8, once, by_image - once, Decimal("59.40"), 0),
        (*compressed, "diff_id", 8, once, by_image - once, Decimal("59.40"), 0),
    ] == answer.rows


def test_units_compared_where_a_layer_was_compressed_twice(small: Index) -> None:
    answer = small.ask("sharing/units-compared", source="reg")
    # By blob both roots are kept, by content the smaller one.
    assert [("image", 5867), ("blob", 2267), ("chain", 1267), ("diff_id", 1267)] == answer.only(
        "counted_by", "layer_bytes"
    )
    on_disk = small.ask("sharing/units-compared", source="host")
    assert [("image", 48680), ("chain", 12380), ("diff_id", 12380)] == on_disk.only("counted_by", "layer_bytes")


def test_layers_by_use(small: Index) -> None:
    answer = small.ask("sharing/layers-by-use")
    host, lay, reg = ("host", "on_disk"), ("lay", "compressed"), ("reg", "compressed")
    assert [
        (*host, 1, 1, 2, 80, 0),
        (*host, 2, 2, 1, 300, 300),
        (*host, 3, 4, 2, 12000, 36000),
        (*lay, 1, 1, 2, 47, 0),
        (*lay, 2, 2, 2, 1200, 1200),
        (*reg, 0, 0, 1, 60, 0),
        (*reg, 1, 1, 5, 900 + 30 + 40 + 7 + 90, 0),
        (*reg, 3, 4, 2, 1200, 3600),
    ] == answer.rows


def test_saved_in_all(small: Index) -> None:
    answer = small.ask("sharing/saved-in-all")
    # The registry has all that the layout has.
    assert [
        ("compressed", 2, 7, 5867 + 2447, 2267 + 1247, 2267, 3600 + 1200, 1247),
        ("on_disk", 1, 5, 48680, 12380, 12380, 36300, 0),
    ] == answer.rows


def test_orphans(waste: Index, small: Index) -> None:
    assert [("waste", "compressed", ORPHAN.digest, None, 5)] == waste.ask("size/orphans").rows
    assert [] == small.ask("size/orphans").rows
