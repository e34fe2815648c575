"""What is shared, by whom, and what that saves; see `tests.queries.small` for the layers and their sizes."""

from __future__ import annotations

from decimal import Decimal

from tests.builders import Layer
from tests.queries.conftest import Index
from tests.queries.small import (
    A1,
    API,
    DANG,
    DEV,
    DEV_LAYER,
    LIBS,
    MID,
    OS,
    ROOT,
    ROOT_AGAIN,
    TOOL,
    W1,
    W2,
    WEB1,
    WEB2,
    D,
    T,
)

CHAIN_ROOT, CHAIN_LIBS, CHAIN_WEB1, CHAIN_DEV = DEV.chain_ids
CHAIN_DANG = D.chain_ids[-1]


def test_most_shared_layers(small: Index) -> None:
    answer = small.ask("sharing/most-shared-layers")
    first_blob = min(ROOT.blob.digest, ROOT_AGAIN.blob.digest)
    assert [
        ("host", "on_disk", 4, 3, 10000, 30000, ROOT.diff_id, first_blob, CHAIN_ROOT, "overlay2"),
        ("host", "on_disk", 4, 3, 2000, 6000, LIBS.diff_id, LIBS.blob.digest, CHAIN_LIBS, "overlay2"),
        ("reg", "compressed", 4, 4, 1000, 3000, ROOT.diff_id, ROOT.blob.digest, None, None),
        ("reg", "compressed", 4, 4, 200, 600, LIBS.diff_id, LIBS.blob.digest, None, None),
        ("lay", "compressed", 2, 2, 1000, 1000, ROOT.diff_id, ROOT.blob.digest, None, None),
        ("host", "on_disk", 2, 2, 300, 300, WEB1.diff_id, WEB1.blob.digest, CHAIN_WEB1, "overlay2"),
        ("lay", "compressed", 2, 2, 200, 200, LIBS.diff_id, LIBS.blob.digest, None, None),
    ] == answer.rows


def test_most_shared_layers_of_a_basis(small: Index) -> None:
    answer = small.ask("sharing/most-shared-layers", basis="compressed", source="reg", limit="1")
    assert [("reg", 4, 3000)] == answer.only("source", "image_count", "saved_bytes")


def test_images_sharing_with_an_image_by_name(small: Index) -> None:
    answer = small.ask("sharing/images-sharing-with", image="reg.example/team/web:1")
    w1, amd64 = W1.config.digest, "linux/amd64"
    both = "reg.example/team/api:1, reg.example/team/multi:1"
    in_registry = [(OS, "reg.example/base/os:1"), (W2, "reg.example/team/web:2"), (A1, both)]
    on_host = [(OS, "reg.example/base/os:1"), (D, None)]
    assert [
        ("host", "on_disk", w1, DEV.config.digest, 3, 12300, amd64, "docker.io/lab/dev:1"),
        *sorted(("host", "on_disk", w1, other.config.digest, 2, 12000, amd64, names) for other, names in on_host),
        *sorted(("reg", "compressed", w1, other.config.digest, 2, 1200, amd64, names) for other, names in in_registry),
    ] == answer.rows


def test_images_sharing_with_an_image_by_the_start_of_its_id(small: Index) -> None:
    for start in (D.config.digest, D.config.digest[7:], D.config.digest[:20], D.config.digest[7:19]):
        answer = small.ask("sharing/images-sharing-with", image=start)
        assert {("host", D.config.digest)} == set(answer.only("source", "image_id"))
        assert {OS.config.digest, W1.config.digest, DEV.config.digest} == {
            row[0] for row in answer.only("other_image_id")
        }


def test_images_sharing_with_every_image_of_an_index(small: Index) -> None:
    answer = small.ask("sharing/images-sharing-with", image="team/multi:1", source="reg")
    assert {(A1.config.digest, 1200)} == set(answer.only("image_id", "shared_bytes"))


def test_images_sharing_with_nothing(small: Index) -> None:
    for image in ("", "sha256:", T.config.digest[7:10], "multi", "team/multi:2", "%"):
        assert [] == small.ask("sharing/images-sharing-with", image=image).rows


def test_layers_across_sources(small: Index) -> None:
    answer = small.ask("sharing/layers-across-sources")
    roots = sorted(
        [("reg", 1000, 4, ROOT.blob.digest), ("reg", 900, 1, ROOT_AGAIN.blob.digest)], key=lambda row: row[3]
    )
    assert [
        (ROOT.diff_id, 3, "host", "on_disk", 10000, 4, None, CHAIN_ROOT, "overlay2"),
        (ROOT.diff_id, 3, "lay", "compressed", 1000, 2, ROOT.blob.digest, None, None),
        *(
            (ROOT.diff_id, 3, source, "compressed", size, images, blob, None, None)
            for source, size, images, blob in roots
        ),
        (LIBS.diff_id, 3, "host", "on_disk", 2000, 4, None, CHAIN_LIBS, "overlay2"),
        (LIBS.diff_id, 3, "lay", "compressed", 200, 2, LIBS.blob.digest, None, None),
        (LIBS.diff_id, 3, "reg", "compressed", 200, 4, LIBS.blob.digest, None, None),
        (WEB1.diff_id, 2, "host", "on_disk", 300, 2, None, CHAIN_WEB1, "overlay2"),
        (WEB1.diff_id, 2, "reg", "compressed", 30, 1, WEB1.blob.digest, None, None),
        (WEB2.diff_id, 2, "lay", "compressed", 40, 1, WEB2.blob.digest, None, None),
        (WEB2.diff_id, 2, "reg", "compressed", 40, 1, WEB2.blob.digest, None, None),
        (API.diff_id, 2, "lay", "compressed", 7, 1, API.blob.digest, None, None),
        (API.diff_id, 2, "reg", "compressed", 7, 1, API.blob.digest, None, None),
    ] == answer.rows


def test_layers_across_sources_are_limited_by_the_layer(small: Index) -> None:
    answer = small.ask("sharing/layers-across-sources", limit="1", source="host")
    assert [(ROOT.diff_id,)] * 4 == answer.only("diff_id")
    assert [] == small.ask("sharing/layers-across-sources", source="nowhere").rows


def test_saved_by_sharing(small: Index) -> None:
    answer = small.ask("sharing/saved-by-sharing")
    assert [
        ("host", "on_disk", 4, 5, 48680, 12380, 36300, Decimal("74.57")),
        ("reg", "compressed", 5, 7, 5867, 2267, 3600, Decimal("61.36")),
        ("lay", "compressed", 2, 4, 2447, 1247, 1200, Decimal("49.04")),
    ] == answer.rows


def test_layer_users_by_diff_id(small: Index) -> None:
    answer = small.ask("sharing/layer-users", layer=WEB1.diff_id)
    rest = ("linux/amd64", 2)
    made = (WEB1.diff_id, CHAIN_WEB1, "RUN", "RUN step 2")
    names = "reg.example/team/web:1, reg.example/team/web:1z"
    assert [
        ("host", DEV.config.digest, True, "docker.io/lab/dev:1", *rest, 4, *made),
        ("host", W1.config.digest, True, "reg.example/team/web:1", *rest, 3, *made),
        ("reg", W1.config.digest, True, names, *rest, 3, *made),
        ("host", MID.config.digest, False, None, *rest, 3, *made),
    ] == answer.rows


def test_layer_users_by_blob_and_by_chain(small: Index) -> None:
    by_blob = small.ask("sharing/layer-users", layer=ROOT_AGAIN.blob.digest[7:30], source="lay")
    assert {(A1.config.digest,), (W2.config.digest,)} == set(by_blob.only("image_id"))
    by_chain = small.ask("sharing/layer-users", layer=CHAIN_DEV)
    assert [("host", DEV.config.digest, 3)] == by_chain.only("source", "image_id", "position")
    assert [] == small.ask("sharing/layer-users", layer=CHAIN_DEV[7:10]).rows


def test_repository_overlap(small: Index) -> None:
    answer = small.ask("sharing/repository-overlap")
    dev, base, api, multi, web = (
        "docker.io/lab/dev",
        "reg.example/base/os",
        "reg.example/team/api",
        "reg.example/team/multi",
        "reg.example/team/web",
    )
    assert [
        ("host", "on_disk", dev, web, 3, 12300, 12350, 12300),
        ("host", "on_disk", dev, base, 2, 12000, 12350, 12000),
        ("host", "on_disk", base, web, 2, 12000, 12000, 12300),
        ("reg", "compressed", api, multi, 3, 1207, 1207, 1297),
        ("lay", "compressed", None, "tools/x", 2, 1200, 1207, 1240),
        ("reg", "compressed", base, api, 2, 1200, 1200, 1207),
        ("reg", "compressed", base, multi, 2, 1200, 1200, 1297),
        ("reg", "compressed", base, web, 2, 1200, 1200, 2170),
        ("reg", "compressed", api, web, 2, 1200, 1207, 2170),
        ("reg", "compressed", multi, web, 2, 1200, 1297, 2170),
    ] == answer.rows


def test_repository_overlap_of_one_repository_has_it_first(small: Index) -> None:
    answer = small.ask("sharing/repository-overlap", repository="reg.example/team/web", source="reg", limit="1")
    assert [("reg.example/team/web", "reg.example/base/os", 1200)] == answer.only(
        "repository", "other_repository", "shared_bytes"
    )


def test_repository_overlap_leaves_out_what_too_many_have(small: Index) -> None:
    answer = small.ask("sharing/repository-overlap", most_repositories="2", source="reg")
    assert [("reg.example/team/api", "reg.example/team/multi", 1, 7)] == answer.only(
        "repository", "other_repository", "shared_layer_count", "shared_bytes"
    )


def test_used_once(small: Index) -> None:
    answer = small.ask("sharing/used-once")
    on_disk, compressed = ("host", "on_disk"), ("reg", "compressed")
    step_3 = ("RUN", "RUN step 3")
    both = "reg.example/team/api:1, reg.example/team/multi:1"
    web = "reg.example/team/web:1, reg.example/team/web:1z"

    def blob(item: Layer, position: int) -> tuple[object, ...]:
        return (item.diff_id, item.blob.digest, None, "RUN", f"RUN step {position}")

    assert [
        (*compressed, 900, W1.config.digest, web, 0, *blob(ROOT_AGAIN, 0)),
        (*compressed, 90, T.config.digest, "reg.example/team/multi:1", 0, *blob(TOOL, 0)),
        (*on_disk, 50, DEV.config.digest, "docker.io/lab/dev:1", 3, DEV_LAYER.diff_id, None, CHAIN_DEV, *step_3),
        ("lay", "compressed", 40, W2.config.digest, "tools/x:1", 2, *blob(WEB2, 2)),
        (*compressed, 40, W2.config.digest, "reg.example/team/web:2", 2, *blob(WEB2, 2)),
        (*on_disk, 30, D.config.digest, None, 2, DANG.diff_id, None, CHAIN_DANG, "RUN", "RUN step 2"),
        (*compressed, 30, W1.config.digest, web, 2, *blob(WEB1, 2)),
        ("lay", "compressed", 7, A1.config.digest, "api", 2, *blob(API, 2)),
        (*compressed, 7, A1.config.digest, both, 2, *blob(API, 2)),
    ] == answer.rows


def test_repeated_blobs(small: Index) -> None:
    answer = small.ask("sharing/repeated-blobs")
    blobs = ", ".join(sorted([ROOT.blob.digest, ROOT_AGAIN.blob.digest]))
    assert [("reg", ROOT.diff_id, 2, 1900, 1000, blobs)] == answer.rows


def test_images_like(small: Index) -> None:
    answer = small.ask("sharing/images-like", image="team/web:1")
    columns = ("source", "other_image_id", "likeness_percent", "shared_bytes", "own_bytes", "other_bytes")
    # Of the two together: 12300 of 12350, 12000 of 12300, 12000 of 12330; 1200 of 2130, of 2137, of 2170.
    assert [
        ("host", DEV.config.digest, Decimal("99.60"), 12300, 0, 50),
        ("host", OS.config.digest, Decimal("97.56"), 12000, 300, 0),
        ("host", D.config.digest, Decimal("97.32"), 12000, 300, 30),
        ("reg", OS.config.digest, Decimal("56.34"), 1200, 930, 0),
        ("reg", A1.config.digest, Decimal("56.15"), 1200, 930, 7),
        ("reg", W2.config.digest, Decimal("55.30"), 1200, 930, 40),
    ] == answer.only(*columns)


def test_overlap(small: Index) -> None:
    answer = small.ask("sharing/overlap", one="%/team/web:%", other="%/team/api:%")
    assert [
        ("reg", "compressed", 2, 1, 0, 2170, 1207, 2, 1200, 2177, 0),
        ("host", "on_disk", 1, 0, 0, 12300, 0, 0, 0, 12300, 0),
    ] == answer.rows
    both = small.ask("sharing/overlap", one="reg.example/team/%", other="%:1", source="reg")
    # W1, W2, A1 and T against OS, W1, A1 and T: all but web2 in common.
    assert [(4, 4, 3, 2267, 2227, 2227)] == both.only(
        "one_image_count", "other_image_count", "both_image_count", "one_bytes", "other_bytes", "shared_bytes"
    )


def test_repository_matrix(small: Index) -> None:
    answer = small.ask("sharing/repository-matrix", repositories="2", basis="compressed")
    web, multi, whole = "reg.example/team/web", "reg.example/team/multi", Decimal("100.00")
    lay, reg = ("lay", "compressed"), ("reg", "compressed")
    assert [
        (*lay, "tools/x", "tools/x", 3, 1240, whole),
        (*lay, "tools/x", None, 2, 1200, Decimal("96.77")),
        (*lay, None, "tools/x", 2, 1200, Decimal("99.42")),
        (*lay, None, None, 3, 1207, whole),
        (*reg, web, web, 5, 2170, whole),
        (*reg, web, multi, 2, 1200, Decimal("55.30")),
        (*reg, multi, web, 2, 1200, Decimal("92.52")),
        (*reg, multi, multi, 4, 1297, whole),
    ] == answer.rows
