"""Who pays for what is shared, what deleting frees and what a pull costs; see `tests.queries.small` and `waste`."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.builders import OCI_LAYER
from tests.queries import waste as other
from tests.queries.conftest import Index, Open
from tests.queries.small import A1, DEV, MID, OLD, OS, W1, W1Z, W2, D, T, day

AMD64, ARM64 = "linux/amd64", "linux/arm64"
API_NAMES = "reg.example/team/api:1, reg.example/team/multi:1"
WEB_NAMES = "reg.example/team/web:1, reg.example/team/web:1z"


@pytest.fixture
def waste(open_index: Open) -> Index:
    return open_index("waste", other.make_waste)


def test_by_repository(small: Index) -> None:
    answer = small.ask("size/by-repository")
    host, lay, reg = ("host", "on_disk"), ("lay", "compressed"), ("reg", "compressed")
    # 10000 among three: 3333 each, and 1 for the first by name; 2000: 666 each and 2; 1000 among four; 7 between two.
    assert [
        (*host, "docker.io/lab/dev", 1, 12350, 12300, 50, 3334 + 668 + 150 + 50, 0),
        (*host, "reg.example/team/web", 1, 12300, 12300, 0, 3333 + 666 + 150, 0),
        (*host, "reg.example/base/os", 1, 12000, 12000, 0, 3333 + 666, 0),
        (*reg, "reg.example/team/web", 2, 2170, 1200, 970, 250 + 50 + 970, 0),
        (*reg, "reg.example/team/multi", 2, 1297, 1207, 90, 250 + 50 + 3 + 90, 0),
        (*lay, "tools/x", 1, 1240, 1200, 40, 600 + 40, 0),
        (*lay, None, 1, 1207, 1200, 7, 600 + 7, 0),
        (*reg, "reg.example/team/api", 1, 1207, 1207, 0, 250 + 50 + 4, 0),
        (*reg, "reg.example/base/os", 1, 1200, 1200, 0, 250 + 50, 0),
    ] == answer.rows


def test_by_registry(small: Index) -> None:
    answer = small.ask("size/by-registry")
    assert [
        ("host", "on_disk", "docker.io", 1, 12350, 12300, 50, 6150 + 50, 0),
        ("host", "on_disk", "reg.example", 2, 12300, 12300, 0, 6150, 0),
        ("reg", "compressed", "reg.example", 5, 2267, 0, 2267, 2267, 0),
        ("lay", "compressed", None, 2, 1247, 0, 1247, 1247, 0),
    ] == answer.rows


def test_by_platform(small: Index) -> None:
    answer = small.ask("size/by-platform")
    assert [
        ("host", "on_disk", AMD64, 4, 12380, 0, 12380, 12380, 0),
        ("reg", "compressed", AMD64, 4, 2177, 0, 2177, 2177, 0),
        ("lay", "compressed", AMD64, 2, 1247, 0, 1247, 1247, 0),
        ("reg", "compressed", ARM64, 1, 90, 0, 90, 90, 0),
    ] == answer.rows


def test_first_owner(small: Index) -> None:
    answer = small.ask("size/first-owner", source="reg")
    # OS was made first of all that have root and libs; OLD, which is older, is not listed.
    assert [
        ("reg", "compressed", OS.config.digest, 1200, 2, 1200, 2, day("2024-01-10"), "reg.example/base/os:1"),
        ("reg", "compressed", W1.config.digest, 930, 2, 2130, 4, day("2024-02-10"), WEB_NAMES),
        ("reg", "compressed", T.config.digest, 90, 1, 90, 1, day("2024-03-06"), "reg.example/team/multi:1"),
        ("reg", "compressed", W2.config.digest, 40, 1, 1240, 3, day("2024-02-20"), "reg.example/team/web:2"),
        ("reg", "compressed", A1.config.digest, 7, 1, 1207, 3, day("2024-03-05"), API_NAMES),
    ] == answer.rows
    on_host = small.ask("size/first-owner", source="host")
    assert [(OS, 12000), (W1, 300), (DEV, 50), (D, 30)] == [
        (next(made for made in (OS, W1, DEV, D) if made.config.digest == image), owned)
        for image, owned in on_host.only("image_id", "owned_bytes")
    ]


SET = ("source", "image_count", "size_bytes", "freed_bytes", "unlisted_bytes", "held_bytes", "containers")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        # Everything: all layers of a registry and a layout, those of unlisted images, too. Containers hold the rest.
        ({"source": "reg"}, [("reg", 6, 2327, 2327, 0, 0, None)]),
        ({"source": "lay"}, [("lay", 2, 1247, 1247, 0, 0, None)]),
        ({"source": "host"}, [("host", 5, 12380, 50, 0, 12330, "name-c100, name-c200")]),
        # OLD in the registry; D and MID on the host, where c2 holds D's layer.
        (
            {"untagged": "true"},
            [("reg", 1, 1060, 60, 0, 0, None), ("host", 2, 12330, 0, 0, 30, "name-c200")],
        ),
        # OLD, OS and W1 in the registry: root again, web1 and old. OS and W1 on the host, which DEV and MID keep.
        (
            {"before": "2024-02-15"},
            [("reg", 3, 2190, 990, 0, 0, None), ("host", 2, 12300, 0, 0, 0, "name-c100")],
        ),
        ({"before": "2024-02-15", "untagged": "true"}, [("reg", 1, 1060, 60, 0, 0, None)]),
        # DEV, OS and MID; root, libs and web1 are W1's.
        ({"unused": "true", "source": "host"}, [("host", 3, 12350, 50, 0, 0, None)]),
    ],
)
def test_freed_by_deleting_a_set(small: Index, values: dict[str, str], expected: list[object]) -> None:
    assert expected == small.ask("size/freed-by-deleting", **values).only(*SET)


def test_freed_by_deleting_counts_no_layer_that_an_untagged_manifest_keeps(small: Index) -> None:
    # OLD stands on the same root; it goes once OLD is deleted, too.
    answer = small.ask("size/freed-by-deleting", name="reg.example/%", source="reg")
    assert [("reg", 5, 2267, 1267, 1000, 0, None)] == answer.only(*SET)


def test_freed_one_by_one(small: Index) -> None:
    answer = small.ask("size/freed-one-by-one", source="reg")
    reg = ("reg", "compressed")
    assert [
        (*reg, 1, OLD.config.digest, None, day("2024-01-05"), 60, 60, 60),
        (*reg, 2, OS.config.digest, "reg.example/base/os:1", day("2024-01-10"), 0, 0, 60),
        (*reg, 3, W1.config.digest, WEB_NAMES, day("2024-02-10"), 930, 930, 990),
        (*reg, 4, W2.config.digest, "reg.example/team/web:2", day("2024-02-20"), 40, 40, 1030),
        (*reg, 5, A1.config.digest, API_NAMES, day("2024-03-05"), 7, 1207, 2237),
        (*reg, 6, T.config.digest, "reg.example/team/multi:1", day("2024-03-06"), 90, 90, 2327),
    ] == answer.rows


def test_freed_one_by_one_never_frees_what_a_container_holds(small: Index) -> None:
    answer = small.ask("size/freed-one-by-one", source="host")
    assert [(OS, 0), (W1, 0), (MID, 0), (DEV, 50), (D, 50)] == [
        (next(made for made in (OS, W1, MID, DEV, D) if made.config.digest == image), so_far)
        for image, so_far in answer.only("image_id", "so_far_bytes")
    ]


def test_freed_one_by_one_frees_a_layer_with_the_last_that_uses_it(waste: Index) -> None:
    # B and C share the empty layer; the bases keep theirs.
    answer = waste.ask("size/freed-one-by-one", name="%/team/%")
    assert [(10, 10, 10), (20, 20, 30), (30, 62, 92), (40, 40, 132)] == answer.only(
        "alone_bytes", "turn_bytes", "so_far_bytes"
    )


def test_by_instruction(small: Index) -> None:
    answer = small.ask("size/by-instruction")
    whole = Decimal("100.00")
    assert [
        ("host", "on_disk", "RUN", 5, 12380, whole, 10000, 0),
        ("lay", "compressed", "RUN", 4, 1247, whole, 1000, 0),
        ("reg", "compressed", "RUN", 7, 2267, whole, 1000, 0),
    ] == answer.rows


def test_by_command(small: Index) -> None:
    answer = small.ask("size/by-command", source="reg")
    reg = ("reg", "compressed", "RUN")
    # Step 0 made root, twice compressed, and tool; step 2 made web1, web2 and api.
    assert [
        (*reg, "RUN step 0", 3, 1990, 4),
        (*reg, "RUN step 1", 1, 200, 4),
        (*reg, "RUN step 2", 3, 77, 1),
    ] == answer.rows
    assert [] == small.ask("size/by-command", instruction="COPY").rows


def test_compression_ratio(small: Index) -> None:
    answer = small.ask("size/compression-ratio")
    gzipped = OCI_LAYER
    # The host has root, libs and web1 unpacked, ten times as large; of root the registry has two blobs.
    assert [
        ("lay", gzipped, 4, 2, 1200, 12000, Decimal("10.00")),
        ("reg", gzipped, 8, 4, 2130, 22300, Decimal("10.47")),
    ] == answer.rows


def test_pull_cost(small: Index) -> None:
    config = len(W1.config.data)
    answer = small.ask("size/pull-cost", image="team/web:1")
    w1, one, again = W1.config.digest, W1.manifest.digest, W1Z.manifest.digest
    # The host has it whole; the layout lacks web1 and the config, and root as it was compressed again.
    assert [
        *sorted(
            [("reg", "host", w1, one, 3, 3, 1230 + config, 0), ("reg", "host", w1, again, 3, 3, 1130 + config, 0)],
            key=lambda row: row[3],
        ),
        *sorted(
            [
                ("reg", "lay", w1, one, 3, 2, 1230 + config, 30 + config),
                ("reg", "lay", w1, again, 3, 1, 1130 + config, 930 + config),
            ],
            key=lambda row: row[3],
        ),
    ] == answer.rows


def test_pull_cost_onto_one_host(small: Index) -> None:
    answer = small.ask("size/pull-cost", image="team/web:2", source="lay", host="host")
    assert [("lay", "host", 3, 2, 40 + len(W2.config.data))] == answer.only(
        "source", "host", "layer_count", "held_count", "to_pull_bytes"
    )
