"""The queries that reports are made of; see `tests.queries.small` for the layers and their sizes, and `test_drift`."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.queries import test_drift
from tests.queries.conftest import Index, Open
from tests.queries.small import (
    A1,
    API,
    DANG,
    DEV,
    LIBS,
    MULTI,
    OS,
    ROOT,
    ROOT_AGAIN,
    SBOM,
    SBOM_TYPE,
    W1,
    W2,
    WEB1,
    D,
    T,
)

AMD64 = "linux/amd64"


@pytest.fixture
def moves(open_index: Open) -> Index:
    """See `tests.queries.test_drift`."""
    return open_index("moves", test_drift.make)


def test_the_basis_that_fits_most_sources_comes_first(small: Index) -> None:
    assert [("compressed", 2, 2), ("on_disk", 1, 1)] == small.ask("size/bases").rows
    assert [("on_disk", 1, 1)] == small.ask("size/bases", source="host").rows


def test_sharing_in_sum(small: Index) -> None:
    answer = small.ask("sharing/summary", source="reg")
    ((stored,),) = small.ask("size/sources", source="reg").only("stored_bytes")
    assert [("compressed", stored, 5867, 2267, 3600, Decimal("61.36"), 1, 5, 7)] == answer.rows


def test_sharing_in_sum_of_two_sources(small: Index) -> None:
    # The layout has A1 and W2, which share 1200 of 1207 and 1240 bytes.
    answer = small.ask("sharing/summary", basis="compressed").only("referenced_bytes", "distinct_bytes", "source_count")
    assert [(5867 + 2447, 2267 + 1247, 2)] == answer


def test_bytes_by_how_many_images_use_a_layer(small: Index) -> None:
    answer = small.ask("sharing/use-groups", source="reg")
    assert [
        ("compressed", 0, "no image", 1, 60, 0),
        ("compressed", 1, "1 image", 5, 1067, 0),
        ("compressed", 3, "3 or 4 images", 2, 1200, 3600),
    ] == answer.rows


def test_where_the_bytes_go(small: Index) -> None:
    answer = small.ask("size/where-it-goes", source="reg")
    web, api, os, multi = (f"reg.example/{name}" for name in ("team/web", "team/api", "base/os", "team/multi"))
    assert [
        (web, "1", ROOT_AGAIN.blob.digest, 900, 1),
        (web, "1", ROOT.blob.digest, 250, 4),
        (web, "1", LIBS.blob.digest, 50, 4),
        (web, "1", WEB1.blob.digest, 30, 1),
        (web, "2", ROOT.blob.digest, 250, 4),
        (web, "2", LIBS.blob.digest, 50, 4),
        (web, "2", W2.layers[-1].blob.digest, 40, 1),
        (api, f"1 {AMD64}", ROOT.blob.digest, 250, 4),
        (api, f"1 {AMD64}", LIBS.blob.digest, 50, 4),
        (api, f"1 {AMD64}", API.blob.digest, 7, 1),
        (os, "1", ROOT.blob.digest, 250, 4),
        (os, "1", LIBS.blob.digest, 50, 4),
        (multi, "1 linux/arm64", T.layers[0].blob.digest, 90, 1),
    ] == answer.only("repository", "image", "layer", "split_bytes", "used_by")


def test_where_the_bytes_go_cut_short(small: Index) -> None:
    answer = small.ask("size/where-it-goes", source="reg", repositories="1", images="1", layers="1")
    assert [
        ("reg.example/team/web", "1", ROOT_AGAIN.blob.digest, 900, 1),
        ("reg.example/team/web", "1", "other layers", 330, 3),
        ("reg.example/team/web", "other images", None, 340, 1),
        ("other repositories", "other images", None, 697, 3),
    ] == answer.only("repository", "image", "layer", "split_bytes", "thing_count")


def test_images_without_a_name_have_a_place(small: Index) -> None:
    answer = small.ask("size/where-it-goes", source="host", layers="9")
    unnamed = [row for row in answer.only("repository", "image", "split_bytes") if row[0] == "images without a name"]
    # Of root and libs, which four images use, D has a quarter.
    assert {("images without a name", D.config.digest)} == {row[:2] for row in unnamed}
    assert 10000 // 4 + 2000 // 4 + 30 == sum(row[2] for row in unnamed)


@pytest.mark.parametrize("cut", [{}, {"repositories": "1"}, {"images": "1", "layers": "1"}, {"repositories": "0"}])
def test_where_the_bytes_go_sums_to_what_is_stored_for_images(small: Index, cut: dict[str, str]) -> None:
    sums: dict[tuple[str, str], int] = {}
    for source, basis, size in small.ask("size/where-it-goes", **cut).only("source", "basis", "split_bytes"):
        sums[source, basis] = sums.get((source, basis), 0) + size
    distinct = small.ask("size/sources").only("source", "basis", "distinct_bytes")
    assert {(source, basis): size for source, basis, size in distinct} == sums


def test_the_stacks_that_images_start_with(small: Index) -> None:
    libs, web = W1.chain_ids[1], W1.chain_ids[2]
    answer = small.ask("base/chain-forest").only(
        "chain_id", "parent_chain_id", "label", "image_count", "depth", "layer_count", "layer_bytes"
    )
    assert [
        (libs, None, "reg.example/base/os:1", 6, 2, 2, 1200),
        (web, libs, "reg.example/team/web:1", 2, 3, 1, 30),
    ] == answer


def test_the_stacks_of_a_host_in_its_own_bytes(small: Index) -> None:
    answer = small.ask("base/chain-forest", source="host", basis="on_disk").only("image_count", "layer_bytes")
    assert [(4, 12000), (2, 300)] == answer


def test_sharing_of_which_layers_saves_most(small: Index) -> None:
    answer = small.ask("sharing/saved-most", limit="3").only(
        "source", "image_count", "size_bytes", "saved_bytes", "created_by", "diff_id"
    )
    assert [
        ("host", 4, 10000, 30000, "RUN step 0", ROOT.diff_id),
        ("host", 4, 2000, 6000, "RUN step 1", LIBS.diff_id),
        ("reg", 4, 1000, 3000, "RUN step 0", ROOT.diff_id),
    ] == answer


def test_what_to_delete_first(small: Index) -> None:
    columns = "turn", "image_id", "alone_bytes", "so_far_bytes"
    ids = [image.config.digest for image in (W1, T, W2, A1)]
    turns = [(930, 930), (90, 1020), (40, 1060), (7, 1067)]
    assert [(turn, ids[turn - 1], *turns[turn - 1]) for turn in (1, 2, 3, 4)] == small.ask(
        "size/delete-first", source="reg"
    ).only(*columns)


def test_what_to_delete_first_frees_what_only_those_share(small: Index) -> None:
    answer = small.ask("size/delete-first", source="lay").only("image_id", "alone_bytes", "so_far_bytes")
    assert [(W2.config.digest, 40, 40), (A1.config.digest, 7, 1247)] == answer


def test_what_containers_hold_is_not_to_be_deleted(small: Index) -> None:
    # Containers are of W1 and D; what is left to delete is DEV, since OS is a start of both.
    answer = small.ask("size/delete-first", source="host").only("image_id", "alone_bytes", "so_far_bytes")
    assert [(DEV.config.digest, 50, 50)] == answer


def test_what_a_host_holds(small: Index) -> None:
    answer = small.ask("size/host-df")
    assert [("host", "on_disk", 4, 2, 5, 12380, 12330, 50, 2, 1, 0)] == answer.rows
    freed = small.ask("size/freed-by-deleting", source="host", unused="true").only("freed_bytes")
    assert freed == answer.only("reclaimable_bytes")


def test_hosts_and_registries(small: Index) -> None:
    assert [("host", "docker-root", 4)] == small.ask("inventory/hosts").only("source", "kind", "image_count")
    assert [("reg", "registry-root", 6)] == small.ask("inventory/registries").only("source", "kind", "tag_count")


def test_facts_of_an_image(small: Index) -> None:
    assert [
        ("image ID", W1.config.digest),
        ("name", "reg.example/team/web:1"),
        ("name", "reg.example/team/web:1z"),
        ("platform", AMD64),
        ("made at", "2024-02-10T00:00:00Z"),
        ("layers", "3"),
        ("runs as", "web"),
        ("port", "80/tcp"),
        ("label team", "web"),
    ] == small.ask("inventory/image-facts", image="team/web:1").only("fact", "value")


def test_where_an_image_is(small: Index) -> None:
    names = "reg.example/team/web:1"
    assert [
        ("host", "docker-root", True, True, names, None),
        ("reg", "registry-root", True, True, f"{names}, {names}z", None),
    ] == small.ask("inventory/image-sources", image="team/web:1").only(
        "source", "kind", "present", "listed", "names", "ended_at"
    )


def test_what_an_image_costs_and_what_deleting_it_frees(small: Index) -> None:
    columns = (
        "source",
        "basis",
        "size_bytes",
        "shared_bytes",
        "unique_bytes",
        "split_bytes",
        "freed_bytes",
        "held_bytes",
    )
    assert [
        ("host", "on_disk", 12300, 12300, 0, 3150, 0, 0),
        ("reg", "compressed", 2130, 1200, 930, 1230, 930, 0),
    ] == small.ask("size/of-image", image=W1.config.digest).only(*columns)
    assert [(30, 0, 30)] == small.ask("size/of-image", image=D.config.digest).only(
        "unique_bytes", "freed_bytes", "held_bytes"
    )


def test_layers_of_an_image(small: Index) -> None:
    columns = "position", "size_bytes", "used_by", "shared_bytes", "created_by", "diff_id"
    in_registry = [
        (0, 1000, 4, 1000, "RUN step 0", ROOT.diff_id),
        (1, 200, 4, 200, "RUN step 1", LIBS.diff_id),
        (2, 40, 1, 0, "RUN step 2", W2.layers[-1].diff_id),
    ]
    assert in_registry == small.ask("size/image-layers", image="team/web:2").only(*columns)
    on_host = small.ask("size/image-layers", image=D.config.digest, basis="on_disk").only("size_bytes", "used_by")
    assert [(10000, 4), (2000, 4), (30, 1)] == on_host
    assert [(None, None, None)] * 3 == small.ask("size/image-layers", image=D.config.digest).only(
        "size_bytes", "used_by", "shared_bytes"
    )
    assert DANG.diff_id == small.ask("size/image-layers", image=D.config.digest).rows[-1][-2]


def test_platforms_beside_an_image(small: Index) -> None:
    answer = small.ask("inventory/image-platforms", image=T.config.digest)
    sizes = {
        image.config.digest: len(image.config.data) + sum(len(layer.blob.data) for layer in image.layers)
        for image in (A1, T)
    }
    assert [
        ("reg", "reg.example/team/multi:1", AMD64, A1.config.digest, False, sizes[A1.config.digest]),
        ("reg", "reg.example/team/multi:1", "linux/arm64", T.config.digest, True, sizes[T.config.digest]),
    ] == answer.only("source", "name", "platform", "image_id", "is_this", "pull_bytes")


def test_bases_of_an_image(small: Index) -> None:
    columns = "base_image_id", "base_layer_count", "added_layer_count", "base_names", "source_count"
    assert [
        (W1.config.digest, 3, 1, "reg.example/team/web:1, reg.example/team/web:1z", 2),
        (OS.config.digest, 2, 2, "reg.example/base/os:1", 2),
    ] == small.ask("base/of-image", image=DEV.config.digest).only(*columns)


def test_what_refers_to_an_image(small: Index) -> None:
    assert [
        ("reg", "reg.example/team/web", SBOM_TYPE, "subject", SBOM.manifest.digest, W2.manifest.digest)
    ] == small.ask("inventory/image-referrers", image="team/web:2").rows


def test_containers_of_an_image(small: Index) -> None:
    assert [("host", "running", "c1" + "0" * 62)] == small.ask("inventory/image-containers", image="team/web:1").only(
        "source", "state", "container_id"
    )


def test_tags_of_an_image_over_time(small: Index, moves: Index) -> None:
    answer = moves.ask("drift/tags-of-image", image=test_drift.P.config.digest)
    multi = f"{test_drift.MULTI_NAME}:1"
    assert [(multi, test_drift.MAY, test_drift.JUNE, test_drift.MULTI.manifest.digest)] == answer.only(
        "name", "valid_from", "valid_to", "target_digest"
    )
    of_index = small.ask("drift/tags-of-image", image=T.config.digest).only("name", "target_digest")
    assert [("reg.example/team/multi:1", MULTI.manifest.digest)] == of_index


def test_how_much_moves(moves: Index) -> None:
    assert [("lay", 4, 3, 4, test_drift.JUNE, test_drift.JULY)] == moves.ask("drift/summary").rows
    assert [(4, 2, 2)] == moves.ask("drift/summary", since="2024-06-15").only(
        "tag_count", "moved_tag_count", "move_count"
    )


def test_the_most_moved_tags_over_time(moves: Index) -> None:
    may, june, july = test_drift.MAY, test_drift.JUNE, test_drift.JULY
    a, b = test_drift.A.manifest.digest, test_drift.B.manifest.digest
    latest = f"{test_drift.WEB}:latest"
    assert [
        (latest, 2, may, june, a),
        (latest, 2, june, july, b),
        (latest, 2, july, None, a),
    ] == moves.ask("drift/timeline", tags="1").only("name", "move_count", "valid_from", "valid_to", "target_digest")
    assert [latest] * 2 == [row[0] for row in moves.ask("drift/timeline", tags="1", spans="2").only("name")]
    assert [(latest, june), (latest, july), ("edge", may), ("edge", july)] == moves.ask(
        "drift/timeline", since="2024-06-15"
    ).only("name", "valid_from")
