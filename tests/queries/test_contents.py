"""What the configs of images say; see `tests.queries.small`."""

from __future__ import annotations

from tests.queries.conftest import Index
from tests.queries.small import A1, DEV, OS, SBOM, SBOM_TYPE, W1, W2, D, T, day

AMD64, ARM64 = "linux/amd64", "linux/arm64"
OS_NAME, API_NAMES = "reg.example/base/os:1", "reg.example/team/api:1, reg.example/team/multi:1"
WEB_NAMES = "reg.example/team/web:1, reg.example/team/web:1z"


def test_older_than(small: Index) -> None:
    made = OS.config.digest
    old = [
        ("host", day("2024-01-10"), made, OS_NAME, AMD64, 1, 0),
        ("reg", day("2024-01-10"), made, OS_NAME, AMD64, 1, 0),
    ]
    web = ("host", day("2024-02-10"), W1.config.digest, "reg.example/team/web:1", AMD64, 1, 1)
    assert old == small.ask("inventory/older-than", time="2024-02-10").rows
    assert [old[0], web] == small.ask("inventory/older-than", time="2024-02-10T00:00:01", source="host").rows


def test_by_month(small: Index) -> None:
    january, february, march = day("2024-01-01"), day("2024-02-01"), day("2024-03-01")
    assert [
        ("host", january, 1, 1),
        ("host", february, 1, 1),
        ("host", march, 1, 1),
        ("host", None, 1, 0),
        ("lay", february, 1, 1),
        ("lay", march, 1, 1),
        ("reg", january, 1, 1),
        ("reg", february, 2, 2),
        ("reg", march, 2, 2),
    ] == small.ask("inventory/by-month").rows


def test_images_with_label(small: Index) -> None:
    made = day("2024-02-10")
    assert [
        ("host", "web", W1.config.digest, "reg.example/team/web:1", AMD64, made),
        ("lay", "api", A1.config.digest, "api", AMD64, day("2024-03-05")),
        ("lay", "web", W2.config.digest, "tools/x:1", AMD64, day("2024-02-20")),
        ("reg", "api", A1.config.digest, API_NAMES, AMD64, day("2024-03-05")),
        ("reg", "web", W1.config.digest, WEB_NAMES, AMD64, made),
        ("reg", "web", W2.config.digest, "reg.example/team/web:2", AMD64, day("2024-02-20")),
    ] == small.ask("inventory/images-with-label", label="team").rows
    assert [("api",)] == small.ask("inventory/images-with-label", label="team", value="a%", source="reg").only("value")


def test_images_with_port(small: Index) -> None:
    made = day("2024-02-20")
    assert [
        ("lay", "8080/tcp", W2.config.digest, "tools/x:1", AMD64, made),
        ("reg", "8080/tcp", W2.config.digest, "reg.example/team/web:2", AMD64, made),
    ] == small.ask("inventory/images-with-port", port="8080").rows


def test_users(small: Index) -> None:
    assert [
        ("host", "web", False, 3),
        ("host", "root", True, 1),
        ("lay", "app", False, 1),
        ("lay", "web", False, 1),
        ("reg", "web", False, 2),
        ("reg", "0:0", True, 1),
        ("reg", "app", False, 1),
        ("reg", "root", True, 1),
    ] == small.ask("inventory/users").rows


def test_unused_images(small: Index) -> None:
    # The host's containers are of W1 and D, which stand on OS; W1 is used wherever it lies.
    assert [
        ("reg", OS.config.digest, OS_NAME, AMD64, day("2024-01-10"), 1, 2),
        ("reg", W2.config.digest, "reg.example/team/web:2", AMD64, day("2024-02-20"), 1, 0),
        ("reg", A1.config.digest, API_NAMES, AMD64, day("2024-03-05"), 2, 0),
        ("reg", T.config.digest, "reg.example/team/multi:1", ARM64, day("2024-03-06"), 1, 0),
    ] == small.ask("inventory/unused-images", source="reg").rows
    unused = small.ask("inventory/unused-images", source="host").only("image_id")
    assert [(OS.config.digest,), (DEV.config.digest,)] == unused
    assert [] == small.ask("inventory/unused-images", source="host", tagged="false").rows


def test_several_names(small: Index) -> None:
    made = day("2024-02-10")
    expected = [
        ("reg", W1.config.digest, 2, WEB_NAMES, AMD64, made, 2),
        ("reg", A1.config.digest, 2, API_NAMES, AMD64, day("2024-03-05"), 2),
    ]
    assert sorted(expected) == small.ask("inventory/several-names").rows


def test_artifact_types(small: Index) -> None:
    size = len(SBOM.layers[0].blob.data) + len(SBOM.config.data)
    assert [("reg", SBOM_TYPE, 1, 1, size)] == small.ask("inventory/artifact-types").rows


def test_without_sbom(small: Index) -> None:
    # The SBOM is about W2, in the registry only.
    w1, a1, t = (made.manifest.digest for made in (W1, A1, T))
    answer = small.ask("inventory/without-sbom", source="reg").only("repository", "tag", "manifest_digest")
    assert ("reg.example/team/web", "1", w1) in answer
    assert ("reg.example/team/multi", "1", a1) in answer
    assert ("reg.example/team/multi", "1", t) in answer
    assert [tag for repository, tag, _ in answer if repository == "reg.example/team/web"] == ["1", "1z"]
    assert {("api",), ("tools/x:1",)} == {
        (tag if repository is None else f"{repository}:{tag}",)
        for repository, tag in small.ask("inventory/without-sbom", source="lay").only("repository", "tag")
    }


def test_of_containers(small: Index) -> None:
    # Both stand on OS, which has names on the host and in the registry; the host comes first.
    base = (OS.config.digest, OS_NAME, "host", 2, 1)
    assert [
        ("host", "name-c100", "running", "reg.example/team/web:1", W1.config.digest, *base, "c1" + "0" * 62),
        ("host", "name-c200", "created", "sha256:" + "0" * 64, D.config.digest, *base, "c2" + "0" * 62),
    ] == small.ask("base/of-containers").rows
    assert [("name-c200",)] == small.ask("base/of-containers", state="created").only("name")


def test_roots(small: Index) -> None:
    # Everything but T, which is one layer, stands on root.
    answer = small.ask("base/roots")
    root, tool = OS.layers[0].diff_id, T.layers[0].diff_id
    assert [(root, 6, None), (tool, 1, "reg.example/team/multi:1")] == answer.only(
        "diff_id", "image_count", "only_layer_of"
    )
    assert {("RUN step 0", day("2024-01-01"))} == set(answer.only("created_by", "created_at"))


def test_most_used(small: Index) -> None:
    # On OS stand W1, W2, A1, DEV and D; the unlisted MID does not count. DEV's nearest base is W1.
    columns = ("source", "base_image_id", "base_names", "layer_count", "nearest_count", "image_count")
    assert [
        ("reg", OS.config.digest, OS_NAME, 2, 3, 5),
        ("host", OS.config.digest, OS_NAME, 2, 2, 5),
        ("host", W1.config.digest, "reg.example/team/web:1", 3, 1, 1),
    ] == small.ask("base/most-used").only(*columns)
