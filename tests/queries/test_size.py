"""What images, repositories, labels and months cost; see `tests.queries.small` for the layers and their sizes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import truth
from tests.builders import Image
from tests.queries.conftest import Index, Open
from tests.queries.small import (
    A1,
    DEV,
    DEV_LAYER,
    LIBS,
    MULTI,
    OLD,
    OLD_LAYER,
    OS,
    ROOT,
    ROOT_AGAIN,
    SBOM,
    SBOM_CONFIG,
    SBOM_LAYER,
    TOOL,
    W1,
    W1Z,
    W2,
    WEB1,
    D,
    T,
    day,
)
from tests.stores import Database

AMD64, ARM64 = "linux/amd64", "linux/arm64"
API_NAMES = "reg.example/team/api:1, reg.example/team/multi:1"
WEB_NAMES = "reg.example/team/web:1, reg.example/team/web:1z"
MADE = {OS: "2024-01-10", W1: "2024-02-10", W2: "2024-02-20", A1: "2024-03-05", T: "2024-03-06", DEV: "2024-03-07"}


def bytes_of(*images: Image) -> tuple[int, int]:
    """Distinct bytes of (configs, manifests)."""
    configs = {image.config.digest: len(image.config.data) for image in images}
    return sum(configs.values()), sum(len(image.manifest.data) for image in images)


def test_images(small: Index) -> None:
    answer = small.ask("size/images")
    host, lay, reg = ("host", "on_disk"), ("lay", "compressed"), ("reg", "compressed")
    made = {image: day(text) for image, text in MADE.items()}
    assert [
        (*host, DEV.config.digest, 12350, 12300, 50, 3200, 0, AMD64, made[DEV], 4, "docker.io/lab/dev:1"),
        (*host, W1.config.digest, 12300, 12300, 0, 3150, 0, AMD64, made[W1], 3, "reg.example/team/web:1"),
        (*host, D.config.digest, 12030, 12000, 30, 3030, 0, AMD64, None, 3, None),
        (*host, OS.config.digest, 12000, 12000, 0, 3000, 0, AMD64, made[OS], 2, "reg.example/base/os:1"),
        (*reg, W1.config.digest, 2130, 1200, 930, 1230, 0, AMD64, made[W1], 3, WEB_NAMES),
        (*lay, W2.config.digest, 1240, 1200, 40, 640, 0, AMD64, made[W2], 3, "tools/x:1"),
        (*reg, W2.config.digest, 1240, 1200, 40, 340, 0, AMD64, made[W2], 3, "reg.example/team/web:2"),
        (*lay, A1.config.digest, 1207, 1200, 7, 607, 0, AMD64, made[A1], 3, "api"),
        (*reg, A1.config.digest, 1207, 1200, 7, 307, 0, AMD64, made[A1], 3, API_NAMES),
        (*reg, OS.config.digest, 1200, 1200, 0, 300, 0, AMD64, made[OS], 2, "reg.example/base/os:1"),
        (*reg, T.config.digest, 90, 0, 90, 90, 0, ARM64, made[T], 1, "reg.example/team/multi:1"),
    ] == answer.rows


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("%team/web:%", {("reg", W1), ("reg", W2), ("host", W1)}),
        ("%:1z", {("reg", W1)}),
        ("ap_", {("lay", A1)}),
        ("team/web:1", set()),
    ],
)
def test_images_with_names_like_a_pattern(small: Index, name: str, expected: set[tuple[str, Image]]) -> None:
    answer = small.ask("size/images", name=name)
    assert {(source, made.config.digest) for source, made in expected} == set(answer.only("source", "image_id"))


def test_largest_layers(small: Index) -> None:
    answer = small.ask("size/largest-layers", limit="9")
    root, libs, web1, _ = DEV.chain_ids
    steps = [("RUN", f"RUN step {n}") for n in range(4)]
    lay, reg = ("lay", "compressed"), ("reg", "compressed")
    os, w1, w2 = OS.config.digest, W1.config.digest, W2.config.digest
    assert [
        ("host", "on_disk", 10000, 4, 3, *steps[0], ROOT.diff_id, None, root, "overlay2", os),
        ("host", "on_disk", 2000, 4, 3, *steps[1], LIBS.diff_id, None, libs, "overlay2", os),
        (*lay, 1000, 2, 2, *steps[0], ROOT.diff_id, ROOT.blob.digest, None, None, w2),
        (*reg, 1000, 4, 4, *steps[0], ROOT.diff_id, ROOT.blob.digest, None, None, os),
        (*reg, 900, 1, 1, *steps[0], ROOT.diff_id, ROOT_AGAIN.blob.digest, None, None, w1),
        ("host", "on_disk", 300, 2, 2, *steps[2], WEB1.diff_id, None, web1, "overlay2", w1),
        (*lay, 200, 2, 2, *steps[1], LIBS.diff_id, LIBS.blob.digest, None, None, w2),
        (*reg, 200, 4, 4, *steps[1], LIBS.diff_id, LIBS.blob.digest, None, None, os),
        (*reg, 90, 1, 1, *steps[0], TOOL.diff_id, TOOL.blob.digest, None, None, T.config.digest),
    ] == answer.rows


def test_largest_layers_shows_what_only_unlisted_images_have(small: Index) -> None:
    answer = small.ask("size/largest-layers", source="reg")
    found = dict(zip(answer.only("blob_digest"), answer.only("size_bytes", "image_count", "image_id"), strict=True))
    assert (60, 0, OLD.config.digest) == found[(OLD_LAYER.blob.digest,)]


def test_history(small: Index) -> None:
    answer = small.ask("size/history", image="lab/dev:1")
    begun, dev = day("2024-01-01"), DEV.config.digest
    assert [
        (dev, 0, begun, "RUN", "RUN step 0", False, None, None, 10000, 0, ROOT.diff_id, None),
        (dev, 1, begun, "RUN", "RUN step 1", False, None, None, 2000, 1, LIBS.diff_id, None),
        (dev, 2, begun, "RUN", "RUN step 2", False, None, None, 300, 2, WEB1.diff_id, None),
        (dev, 3, begun, "RUN", "RUN step 3", False, None, None, 50, 3, DEV_LAYER.diff_id, None),
        (dev, 4, None, "CMD", 'CMD ["run"]', True, None, None, None, None, None, None),
    ] == answer.rows


def test_history_has_the_sizes_of_all_sources_or_of_one(small: Index) -> None:
    sizes = ("position", "compressed_bytes", "on_disk_bytes")
    first_root = min((W1.manifest.digest, 1000), (W1Z.manifest.digest, 900))[1]
    everywhere = small.ask("size/history", image=W1.config.digest[7:27])
    assert [(0, first_root, 10000), (1, 200, 2000), (2, 30, 300), (3, None, None)] == everywhere.only(*sizes)
    on_host = small.ask("size/history", image=W1.config.digest, source="host")
    assert [(0, None, 10000), (1, None, 2000), (2, None, 300), (3, None, None)] == on_host.only(*sizes)
    index = small.ask("size/history", image="reg.example/team/multi:1")
    expected = sorted([(A1.config.digest, 1207), (T.config.digest, 90)])
    found = {image: 0 for (image,) in index.only("image_id")}
    for image, size in index.only("image_id", "compressed_bytes"):
        found[image] += size or 0
    assert expected == sorted(found.items())


def test_repositories(small: Index) -> None:
    answer = small.ask("size/repositories")
    web_configs, web_manifests = bytes_of(W1, W2)
    web_manifests += len(W1Z.manifest.data) + len(SBOM.manifest.data)
    multi_configs, multi_manifests = bytes_of(A1, T)
    multi_manifests += len(MULTI.manifest.data)
    old = len(OLD.manifest.data) + len(OLD.config.data) + 60
    assert [
        ("host", "docker.io/lab/dev", 1, 1, 12350, 50, len(DEV.config.data), 0, 0, 0),
        ("host", "reg.example/team/web", 1, 1, 12300, 0, len(W1.config.data), 0, 0, 0),
        ("host", "reg.example/base/os", 1, 1, 12000, 0, len(OS.config.data), 0, 0, 0),
        ("reg", "reg.example/team/web", 3, 2, 2170, 970, web_configs, web_manifests, 1, old),
        ("reg", "reg.example/team/multi", 1, 2, 1297, 90, multi_configs, multi_manifests, 0, 0),
        ("lay", "tools/x", 1, 1, 1240, 40, *bytes_of(W2), 0, 0),
        ("lay", None, 1, 1, 1207, 7, *bytes_of(A1), 0, 0),
        ("reg", "reg.example/team/api", 1, 1, 1207, 0, *bytes_of(A1), 0, 0),
        ("reg", "reg.example/base/os", 1, 1, 1200, 0, *bytes_of(OS), 0, 0),
    ] == answer.rows


def test_by_label(small: Index) -> None:
    answer = small.ask("size/by-label", label="team")
    host, lay, reg = ("host", "on_disk"), ("lay", "compressed"), ("reg", "compressed")
    assert [
        (*host, None, 3, 12380, 80, 9230, 0, 12300),
        (*host, "web", 1, 12300, 0, 3150, 0, 12300),
        (*reg, "web", 2, 2170, 970, 1570, 0, 1200),
        (*reg, None, 2, 1290, 90, 390, 0, 1200),
        (*lay, "web", 1, 1240, 40, 640, 0, 1200),
        (*lay, "api", 1, 1207, 7, 607, 0, 1200),
        (*reg, "api", 1, 1207, 7, 307, 0, 1200),
    ] == answer.rows


def test_freed_by_deleting(small: Index) -> None:
    answer = small.ask("size/freed-by-deleting", name="%team/web:%")
    assert [
        ("reg", "compressed", 2, 5, 2170, 970, 0, 0, 0, 0, None),
        ("host", "on_disk", 1, 3, 12300, 0, 0, 0, 0, 1, "name-c100"),
    ] == answer.rows


def test_freed_by_deleting_keeps_what_has_a_name_that_does_not_match(small: Index) -> None:
    columns = ("source", "image_count", "size_bytes", "freed_bytes", "held_bytes", "unlisted_bytes", "containers")
    answer = small.ask("size/freed-by-deleting", name="%team/api:1")
    assert [] == answer.only(*columns)
    answer = small.ask("size/freed-by-deleting", name="%team/%i:1")
    assert [("reg", 2, 1297, 97, 0, 0, None)] == answer.only(*columns)


def test_freed_by_deleting_what_containers_and_unlisted_images_use(small: Index) -> None:
    columns = ("source", "image_count", "size_bytes", "freed_bytes", "held_bytes", "unlisted_bytes", "containers")
    # D, which has no name, stays on the host, and with it root and libs. c1 holds web1, which goes with W1 and DEV.
    answer = small.ask("size/freed-by-deleting", name="%e%:1%")
    assert [
        ("reg", 4, 2227, 1027, 0, 0, None),
        ("host", 3, 12350, 50, 300, 0, "name-c100"),
    ] == answer.only(*columns)


def test_growth_by_month(small: Index) -> None:
    answer = small.ask("size/growth-by-month")
    january, february, march = day("2024-01-01"), day("2024-02-01"), day("2024-03-01")
    assert [
        ("host", "on_disk", january, 1, 2, 12000, 12000),
        ("host", "on_disk", february, 1, 1, 300, 12300),
        ("host", "on_disk", march, 1, 1, 50, 12350),
        ("host", "on_disk", None, 1, 1, 30, 12380),
        ("lay", "compressed", february, 1, 3, 1240, 1240),
        ("lay", "compressed", march, 1, 1, 7, 1247),
        ("reg", "compressed", january, 1, 2, 1200, 1200),
        ("reg", "compressed", february, 2, 3, 970, 2170),
        ("reg", "compressed", march, 2, 2, 97, 2267),
    ] == answer.rows


def test_sources(small: Index) -> None:
    answer = small.ask("size/sources")
    reg_documents = sum(bytes_of(OS, W1, W2, A1, T)) + len(W1Z.manifest.data) + len(MULTI.manifest.data)
    sbom = len(SBOM.manifest.data) + len(SBOM_CONFIG.data) + len(SBOM_LAYER.data)
    old = sum(bytes_of(OLD)) + 60
    lay_documents = sum(bytes_of(A1, W2))
    assert [
        ("host", "on_disk", 4, 5, 48680, 12380, 12380, 0, 0, 0, 0, 0),
        ("reg", "compressed", 5, 7, 5867, 2267, 2267 + reg_documents + sbom + old, reg_documents, sbom, old, 0, 0),
        ("lay", "compressed", 2, 4, 2447, 1247, 1247 + lay_documents, lay_documents, 0, 0, 0, 0),
    ] == answer.rows


def test_untagged(small: Index) -> None:
    answer = small.ask("size/untagged")
    unreached = sum(bytes_of(OLD)) + 60
    old = (OLD.manifest.digest, "image", None, OLD.manifest.media_type, AMD64, OLD.config.digest, day("2024-01-05"))
    assert [("reg", "reg.example/team/web", *old, unreached)] == answer.rows


def test_docker_df(small: Index) -> None:
    answer = small.ask("size/docker-df")
    digest = f"reg.example/team/web@{OLD.manifest.digest}"
    assert [
        ("host", "docker.io/lab/dev:1", DEV.config.digest, day("2024-03-07"), 12350, 12300, 50, 0),
        ("host", "reg.example/team/web:1", W1.config.digest, day("2024-02-10"), 12300, 12300, 0, 1),
        ("host", "reg.example/base/os:1", OS.config.digest, day("2024-01-10"), 12000, 12000, 0, 0),
        ("host", digest, D.config.digest, None, 12030, 12000, 30, 1),
    ] == answer.rows


def test_docker_df_says_what_docker_said_of_a_real_host(open_index: Open, docker_host: Path) -> None:
    def make(folder: Path, db: Database) -> None:
        db.look(f"docker-root:{docker_host}", name="host")

    answer = open_index("docker_host", make).ask("size/docker-df")
    expected = {
        (image["Id"], image["Size"], image["SharedSize"], image["Size"] - image["SharedSize"], image["Containers"])
        for image in truth.docker_system_df()["Images"]
    }
    found = answer.only("image_id", "size_bytes", "shared_bytes", "unique_bytes", "container_count")
    assert len(expected) == len(found)
    assert expected == set(found)


def test_history_says_what_docker_said_of_a_real_host(open_index: Open, docker_host: Path) -> None:
    def make(folder: Path, db: Database) -> None:
        db.look(f"docker-root:{docker_host}", name="host")

    index = open_index("docker_host", make)
    for image_id, history in truth.docker_history().items():
        found = index.ask("size/history", image=image_id)
        assert [entry["Size"] for entry in reversed(history)] == [size or 0 for (size,) in found.only("on_disk_bytes")]
