"""Docker's data root: graph drivers and containers as they lie on the disk, and what a real engine said of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from imgindex.errors import LayoutError
from imgindex.records.keys import content_key, name_key
from imgindex.records.rows import (
    Container,
    Image,
    LayerBlob,
    Problem,
    Record,
    RepoDigest,
    ScanScope,
    SourceImage,
    SourceLayer,
    Tag,
)
from imgindex.sources.base import ScanContext, scope_key
from imgindex.sources.docker_root.source import DockerRoot
from tests.builders import Docker, as_json, digest_of, make_image, write
from tests.sources.scans import of, outcomes, problems, scan

DRIVER = ("driver", "overlay2")
NAMES = "image/overlay2/repositories.json"
C1, C2 = "c1" * 32, "c2" * 32


@pytest.fixture
def docker(tmp_path: Path) -> Docker:
    built = Docker(tmp_path / "docker")
    built.load(
        make_image(1), "lab/web:1", digest=f"lab/web@{make_image(1).manifest.digest}", updated="2024-05-01T10:00:00.1Z"
    )
    return built


def read(docker: Docker) -> list[Record]:
    return scan(DockerRoot(str(docker.path)))


def listed(records: list[Record]) -> dict[str | None, bool]:
    return {row.local_id: row.listed for row in of(SourceImage, records)}


def sizes(records: list[Record]) -> dict[int, int | None]:
    return {row.chain_key: row.bytes for row in of(SourceLayer, records)}


def test_an_engine_with_one_image(docker: Docker) -> None:
    image = make_image(1)
    image_key, scope = content_key(image.config.digest), scope_key(*DRIVER)
    web = name_key("docker.io/lab/web")
    records = read(docker)
    assert of(Tag, records) == [Tag(scope, web, "1", image_key, "image", None)]
    assert of(RepoDigest, records) == [RepoDigest(scope, web, content_key(image.manifest.digest), image_key)]
    updated = 1_714_557_600_100_000
    assert of(SourceImage, records) == [SourceImage(scope, image_key, image.config.digest, True, None, updated)]
    assert [row.image_id for row in of(Image, records)] == [image.config.digest]
    assert {(row.store, row.chain_key, row.bytes, row.basis) for row in of(SourceLayer, records)} == {
        ("overlay2", content_key(chain), 10 * len(layer.blob.data), "on_disk")
        for layer, chain in zip(image.layers, image.chain_ids, strict=True)
    }
    assert sorted(of(LayerBlob, records), key=lambda row: row.blob_key) == sorted(
        (LayerBlob(content_key(layer.diff_id), content_key(layer.blob.digest), "store") for layer in image.layers),
        key=lambda row: row.blob_key,
    )
    assert outcomes(records) == {DRIVER: "complete", ("catalog", "drivers"): "complete"}
    assert isinstance(records[-1], ScanScope)


def test_names_are_completed_as_the_engine_completes_them(docker: Docker) -> None:
    docker.load(make_image(2), "nginx:1", "reg.example:5000/x:2", "docker.io/lab/other:3")
    names = {(row.repository_key, row.tag) for row in of(Tag, read(docker))}
    assert names == {
        (name_key("docker.io/lab/web"), "1"),
        (name_key("docker.io/library/nginx"), "1"),
        (name_key("reg.example:5000/x"), "2"),
        (name_key("docker.io/lab/other"), "3"),
    }


def test_images_that_others_were_built_on_are_listed_only_with_a_name(docker: Docker) -> None:
    tagged, middle, top, dangling = make_image(1), make_image(2), make_image(3), make_image(4)
    docker.load(middle, parent=tagged)
    docker.load(top, "lab/top:1", parent=middle)
    docker.load(dangling)
    records = read(docker)
    assert listed(records) == {
        tagged.config.digest: True,
        middle.config.digest: False,
        top.config.digest: True,
        dangling.config.digest: True,
    }
    parents = {row.local_id: row.parent_key for row in of(SourceImage, records)}
    assert parents[top.config.digest] == content_key(middle.config.digest)


def test_an_image_that_is_only_pulled_by_digest_is_listed(docker: Docker) -> None:
    pulled, built = make_image(2), make_image(3)
    docker.load(pulled, digest=f"lab/pulled@{pulled.manifest.digest}")
    docker.load(built, "lab/built:1", parent=pulled)
    assert listed(read(docker))[pulled.config.digest] is True


def test_an_image_whose_only_child_is_broken_is_listed(docker: Docker) -> None:
    parent, child = make_image(2), make_image(3)
    docker.load(parent)
    docker.load(child, parent=parent)
    docker.content(child).write_bytes(b"{}")
    records = read(docker)
    assert listed(records) == {make_image(1).config.digest: True, parent.config.digest: True}
    assert [(kind, digest) for kind, _, digest in problems(records)] == [("digest_mismatch", child.config.digest)]


def test_a_tag_of_a_broken_image_counts_as_seen(docker: Docker) -> None:
    image = make_image(1)
    docker.content(image).write_bytes(docker.content(image).read_bytes()[:-20])
    records = read(docker)
    assert [row.target_key for row in of(Tag, records)] == [content_key(image.config.digest)]
    assert of(SourceImage, records) == of(Image, records) == []
    locator = str(docker.content(image).relative_to(docker.path))
    assert problems(records) == [("digest_mismatch", locator, image.config.digest)]
    assert outcomes(records)[DRIVER] == "complete"


def test_a_named_image_that_is_absent_is_one_problem(docker: Docker) -> None:
    image = make_image(1)
    docker.content(image).unlink()
    records = read(docker)
    locator = str(docker.content(image).relative_to(docker.path))
    assert problems(records) == [("missing", locator, image.config.digest)]
    assert len(of(Tag, records)) == len(of(RepoDigest, records)) == 1


@pytest.mark.parametrize(
    ("names", "locator", "kind"),
    [
        ({"lab/x": 5}, f"{NAMES}: lab/x", "malformed"),
        ({"lab/x": {"lab/x:1": 5}}, f"{NAMES}: lab/x:1", "malformed"),
        ({"lab/x": {"lab/x:1": "sha256:12"}}, f"{NAMES}: lab/x:1", "unsupported_digest"),
        ({"lab/x": {"lab/x@sha256:12": digest_of(b"x")}}, f"{NAMES}: lab/x@sha256:12", "malformed"),
        ({"lab/x": {"UPPER:1": digest_of(b"x")}}, f"{NAMES}: UPPER:1", "malformed"),
        ({"lab/x": {"": digest_of(b"x")}}, f"{NAMES}: ", "malformed"),
        ({"lab/x": {"lab/x": digest_of(b"x")}}, f"{NAMES}: lab/x", "malformed"),
    ],
)
def test_a_broken_name_is_one_problem(docker: Docker, names: dict[str, object], locator: str, kind: str) -> None:
    write(docker.references, as_json({"Repositories": {**docker.names, **names}}))
    records = read(docker)
    assert problems(records) == [(kind, locator, None)]
    assert "1" in {row.tag for row in of(Tag, records)}
    assert outcomes(records)[DRIVER] == "complete"


def test_a_tag_whose_image_id_is_broken_counts_as_seen(docker: Docker) -> None:
    write(docker.references, as_json({"Repositories": {"lab/web": {"lab/web:1": "sha256:12"}}}))
    assert [(row.tag, row.target_key) for row in of(Tag, read(docker))] == [("1", None)]


@pytest.mark.parametrize("content", [None, b"", b"[]", b"{}", b'{"Repositories": {'])
def test_a_list_of_names_that_cannot_be_read_closes_nothing(docker: Docker, content: bytes | None) -> None:
    docker.references.unlink() if content is None else docker.references.write_bytes(content)
    records = read(docker)
    assert [locator for _, locator, _ in problems(records)] == [NAMES]
    assert outcomes(records)[DRIVER] == "partial"
    assert len(of(SourceImage, records)) == 1


@pytest.mark.parametrize("part", ["imagedb", "layerdb"])
def test_a_part_that_cannot_be_listed_closes_nothing(docker: Docker, part: str) -> None:
    (docker.store / part).rename(docker.store / "moved")
    records = read(docker)
    assert [kind for kind, _, _ in problems(records)] == ["missing"]
    assert outcomes(records) == {DRIVER: "partial", ("catalog", "drivers"): "complete"}
    assert len(of(Tag, records)) == 1


def test_an_engine_that_never_had_an_image_is_complete(tmp_path: Path) -> None:
    docker = Docker(tmp_path)
    write(docker.references, as_json({"Repositories": {}}))
    for folder in ("imagedb/content/sha256", "imagedb/metadata/sha256", "layerdb"):
        (docker.store / folder).mkdir(parents=True)
    records = read(docker)
    assert problems(records) == []
    assert outcomes(records) == {DRIVER: "complete", ("catalog", "drivers"): "complete"}


def test_containers_and_the_states_they_are_in(docker: Docker) -> None:
    image = make_image(1)
    started = "2024-03-01T00:00:01Z"
    states = {
        "created": {},
        "running": {"Running": True, "StartedAt": started},
        "paused": {"Running": True, "Paused": True, "StartedAt": started},
        "restarting": {"Running": True, "Restarting": True, "StartedAt": started},
        "removing": {"RemovalInProgress": True, "Dead": True, "StartedAt": started},
        "dead": {"Dead": True, "StartedAt": started},
        "exited": {"StartedAt": started},
    }
    for number, state in enumerate(states.values()):
        docker.run(f"{number:064x}", image, "lab/web:1", **state)
    records = read(docker)
    assert list(states) == [row.state for row in of(Container, records)]
    first = of(Container, records)[0]
    assert first == Container(
        scope_key(*DRIVER),
        f"{0:064x}",
        "name-0000",
        content_key(image.config.digest),
        "lab/web:1",
        content_key(image.chain_ids[-1]),
        "created",
        1_709_251_200_000_000,
    )


def test_a_broken_container_is_one_problem(docker: Docker) -> None:
    docker.run(C1, make_image(1), "lab/web:1")
    docker.run(C2, make_image(1), "lab/web:1")
    docker.container(C2).write_bytes(b"{")
    records = read(docker)
    assert [row.container_id for row in of(Container, records)] == [C1]
    assert problems(records) == [("malformed", f"containers/{C2}", None)]


def test_a_container_in_anothers_folder_is_a_problem(docker: Docker) -> None:
    docker.run(C1, make_image(1), "lab/web:1")
    docker.container(C1).parent.rename(docker.path / "containers" / C2)
    records = read(docker)
    assert of(Container, records) == []
    assert problems(records) == [("malformed", f"containers/{C2}", None)]


def test_a_container_without_a_layer_of_its_own_has_no_chain(docker: Docker) -> None:
    docker.run(C1, make_image(1), "lab/web:1")
    (docker.store / f"layerdb/mounts/{C1}/parent").unlink()
    records = read(docker)
    assert [row.chain_key for row in of(Container, records)] == [None]
    assert problems(records) == []


def test_a_container_on_a_layer_that_is_not_there_is_a_problem_of_its_own(docker: Docker) -> None:
    docker.run(C1, make_image(1), "lab/web:1")
    write(docker.store / f"layerdb/mounts/{C1}/parent", digest_of(b"gone").encode())
    records = read(docker)
    assert [row.chain_key for row in of(Container, records)] == [None]
    assert problems(records) == [("missing", f"image/overlay2/layerdb/mounts/{C1}/parent", None)]


def test_a_container_on_a_broken_layer_is_no_second_problem(docker: Docker) -> None:
    image = make_image(1)
    docker.run(C1, image, "lab/web:1")
    (docker.layer(image.chain_ids[0]) / "diff").unlink()
    records = read(docker)
    assert [row.chain_key for row in of(Container, records)] == [None]
    assert len(of(Problem, records)) == 1


def test_two_drivers_are_two_scopes_with_their_own_containers(docker: Docker) -> None:
    other = Docker(docker.path, "vfs")
    other.load(make_image(2), "lab/web:2")
    docker.run(C1, make_image(1), "lab/web:1")
    other.run(C2, make_image(2), "lab/web:2")
    records = read(docker)
    assert outcomes(records) == {DRIVER: "complete", ("driver", "vfs"): "complete", ("catalog", "drivers"): "complete"}
    assert {(row.scope_key, row.container_id) for row in of(Container, records)} == {
        (scope_key(*DRIVER), C1),
        (scope_key("driver", "vfs"), C2),
    }
    assert {row.store for row in of(SourceLayer, records)} == {"overlay2", "vfs"}


def test_containerds_store_beside_it_without_records_is_one_problem(docker: Docker) -> None:
    blobs = "containerd/daemon/io.containerd.content.v1.content/blobs/sha256"
    (docker.path / blobs).mkdir(parents=True)
    assert problems(read(docker)) == []
    write(docker.path / blobs / "aa", b"x")
    records = read(docker)
    assert problems(records) == [("missing", "containerd", None)]
    assert outcomes(records)["catalog", "drivers"] == "partial"


def test_containers_of_a_driver_without_images_are_named_as_not_read(docker: Docker) -> None:
    Docker(docker.path, "overlayfs").run(C1, make_image(1), "lab/web:1")
    (docker.path / "image/overlayfs/layerdb/mounts" / C1 / "parent").unlink()
    for folder in (f"layerdb/mounts/{C1}", "layerdb/mounts", "layerdb", ""):
        (docker.path / "image/overlayfs" / folder).rmdir()
    records = read(docker)
    assert of(Container, records) == []
    assert problems(records) == [("unsupported_store", "containers: overlayfs", None)]


def test_a_folder_without_drivers_is_no_data_root(tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match="has no graph driver's images"):
        scan(DockerRoot(str(tmp_path)))


def test_an_engine_whose_only_store_has_no_records_cannot_be_read(tmp_path: Path) -> None:
    write(tmp_path / "containerd/daemon/io.containerd.content.v1.content/blobs/sha256/aa", b"x")
    with pytest.raises(LayoutError, match="containerd's store"):
        scan(DockerRoot(str(tmp_path)))


def test_metadata_that_is_broken_is_one_problem_and_the_image_stays(docker: Docker) -> None:
    image = make_image(2)
    docker.load(image, parent=make_image(1), updated="yesterday")
    records = read(docker)
    assert [kind for kind, _, _ in problems(records)] == ["malformed"]
    assert len(of(SourceImage, records)) == 2


def test_pairs_of_layers_and_blobs_come_once_and_broken_ones_are_problems(docker: Docker) -> None:
    image = make_image(1)
    noted = docker.store / "distribution/v2metadata-by-diffid/sha256"
    extra = {"Digest": digest_of(b"pushed elsewhere"), "SourceRepository": "x"}
    file = noted / image.layers[0].diff_id[7:]
    file.write_bytes(as_json([*json.loads(file.read_bytes()), extra]))
    (noted / image.layers[1].diff_id[7:]).write_bytes(b"{}")
    records = read(docker)
    assert len(of(LayerBlob, records)) == 3
    assert [kind for kind, _, _ in problems(records)] == ["malformed"]


def test_no_value_of_a_containers_environment_is_in_a_record(docker: Docker) -> None:
    docker.run(C1, make_image(1), "lab/web:1")
    assert "hunter2" not in repr(read(docker))


def test_plan_counts_what_a_scan_would_read(docker: Docker) -> None:
    docker.load(make_image(2, base=make_image(1)), "lab/web:2", "lab/web:latest")
    docker.run(C1, make_image(1), "lab/web:1")
    counts = DockerRoot(str(docker.path)).plan(ScanContext())
    assert counts == {"drivers": 1, "images": 2, "layers": 4, "tags": 3, "containers": 1}
