"""What there is; see `tests.queries.small`."""

from __future__ import annotations

import pytest

from tests.builders import OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST, Image
from tests.queries.conftest import Index
from tests.queries.small import A1, DEV, MID, OLD, OS, SBOM, SBOM_LAYER, SBOM_TYPE, W1, W1Z, W2, D, T, day

AMD64, ARM64 = "linux/amd64", "linux/arm64"
API_NAMES = "reg.example/team/api:1, reg.example/team/multi:1"
WEB_NAMES = "reg.example/team/web:1, reg.example/team/web:1z"
C1, C2 = "c1" + "0" * 62, "c2" + "0" * 62


def test_sources(small: Index) -> None:
    answer = small.ask("inventory/sources")
    assert [
        ("host", "docker-root", "complete", 4, 3, 0),
        ("lay", "oci", "complete", 2, 2, 0),
        ("reg", "registry-root", "complete", 5, 6, 0),
    ] == answer.only("source", "kind", "last_outcome", "image_count", "tag_count", "problem_count")


def test_images(small: Index) -> None:
    assert [
        ("host", DEV.config.digest, "docker.io/lab/dev:1", AMD64, day("2024-03-07"), 4, 5, 1, True),
        ("reg", T.config.digest, "reg.example/team/multi:1", ARM64, day("2024-03-06"), 1, 2, 1, True),
        ("lay", A1.config.digest, "api", AMD64, day("2024-03-05"), 3, 4, 1, True),
        ("reg", A1.config.digest, API_NAMES, AMD64, day("2024-03-05"), 3, 4, 2, True),
        ("lay", W2.config.digest, "tools/x:1", AMD64, day("2024-02-20"), 3, 4, 1, True),
        ("reg", W2.config.digest, "reg.example/team/web:2", AMD64, day("2024-02-20"), 3, 4, 1, True),
        ("host", W1.config.digest, "reg.example/team/web:1", AMD64, day("2024-02-10"), 3, 4, 1, True),
        ("reg", W1.config.digest, WEB_NAMES, AMD64, day("2024-02-10"), 3, 4, 2, True),
        ("host", OS.config.digest, "reg.example/base/os:1", AMD64, day("2024-01-10"), 2, 3, 1, True),
        ("reg", OS.config.digest, "reg.example/base/os:1", AMD64, day("2024-01-10"), 2, 3, 1, True),
        ("host", D.config.digest, None, AMD64, None, 3, 4, 0, True),
    ] == small.ask("inventory/images").rows


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"platform": ARM64}, {("reg", T)}),
        ({"name": "%multi:%"}, {("reg", T), ("reg", A1)}),
        ({"listed": "false", "source": "reg"}, {("reg", made) for made in (OS, W1, W2, A1, T, OLD)}),
        ({"listed": "false", "source": "host"}, {("host", made) for made in (OS, W1, DEV, D, MID)}),
    ],
)
def test_images_of_a_kind(small: Index, values: dict[str, str], expected: set[tuple[str, Image]]) -> None:
    answer = small.ask("inventory/images", **values)
    assert {(source, made.config.digest) for source, made in expected} == set(answer.only("source", "image_id"))


def test_tags_of_image(small: Index) -> None:
    a1, manifest = A1.config.digest, A1.manifest.digest
    assert [
        (a1, AMD64, "lay", None, "api", manifest),
        (a1, AMD64, "reg", "reg.example/team/api", "1", manifest),
        (a1, AMD64, "reg", "reg.example/team/multi", "1", manifest),
    ] == small.ask("inventory/tags-of-image", image="api").rows
    w1 = W1.config.digest
    assert [
        (w1, AMD64, "host", "reg.example/team/web", "1", None),
        (w1, AMD64, "reg", "reg.example/team/web", "1", W1.manifest.digest),
        (w1, AMD64, "reg", "reg.example/team/web", "1z", W1Z.manifest.digest),
    ] == small.ask("inventory/tags-of-image", image=w1[7:20]).rows


def test_platforms(small: Index) -> None:
    assert [
        ("host", AMD64, 4, 3),
        ("lay", AMD64, 2, 2),
        ("reg", AMD64, 4, 6),
        ("reg", ARM64, 1, 1),
    ] == small.ask("inventory/platforms").rows


def test_artifacts(small: Index) -> None:
    size = 2 + len(SBOM_LAYER.data)
    about = ("subject", W2.manifest.digest, "image", "2")
    assert [
        ("reg", "reg.example/team/web", SBOM.manifest.digest, None, SBOM_TYPE, size, *about),
    ] == small.ask("inventory/artifacts").rows


def test_runs_as_root(small: Index) -> None:
    os = (OS.config.digest, "reg.example/base/os:1", "root", AMD64, day("2024-01-10"))
    assert [
        ("reg", T.config.digest, "reg.example/team/multi:1", "0:0", ARM64, day("2024-03-06")),
        ("host", *os),
        ("reg", *os),
    ] == small.ask("inventory/runs-as-root").rows


def test_ports(small: Index) -> None:
    assert [
        ("host", "80/tcp", 80, "tcp", 1),
        ("lay", "80/tcp", 80, "tcp", 1),
        ("lay", "8080/tcp", 8080, "tcp", 1),
        ("reg", "80/tcp", 80, "tcp", 2),
        ("reg", "8080/tcp", 8080, "tcp", 1),
    ] == small.ask("inventory/ports").rows
    assert [("lay",), ("reg",)] == small.ask("inventory/ports", port="8080").only("source")


def test_labels(small: Index) -> None:
    assert [
        ("host", "team", 1, 1, "web"),
        ("lay", "team", 2, 2, "api"),
        ("lay", "version", 1, 1, "2"),
        ("reg", "team", 3, 2, "api"),
        ("reg", "version", 1, 1, "2"),
    ] == small.ask("inventory/labels").rows


def test_containers(small: Index) -> None:
    made = day("2024-03-01")
    web, nameless = "reg.example/team/web:1", "sha256:" + "0" * 64
    assert [
        ("host", "name-c100", "running", web, W1.config.digest, web, made, C1, W1.chain_ids[-1]),
        ("host", "name-c200", "created", nameless, D.config.digest, None, made, C2, D.chain_ids[-1]),
    ] == small.ask("inventory/containers").rows
    assert [("name-c100",)] == small.ask("inventory/containers", state="running").only("name")


def test_media_types(small: Index) -> None:
    # In the registry: OS, W1, W1Z, W2, A1, T and OLD, their 2 + 3 + 3 + 3 + 3 + 1 + 2 layers, and the index of two.
    assert [
        ("reg", "config", OCI_CONFIG, "image", 7),
        ("reg", "config", "application/vnd.oci.empty.v1+json", "artifact", 1),
        ("reg", "layer", OCI_LAYER, "image", 17),
        ("reg", "layer", SBOM_TYPE, "artifact", 1),
        ("reg", "manifest", OCI_MANIFEST, "image", 7),
        ("reg", "manifest", OCI_INDEX, "index", 1),
        ("reg", "manifest", OCI_MANIFEST, "artifact", 1),
    ] == small.ask("inventory/media-types", source="reg").rows
