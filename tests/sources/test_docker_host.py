"""Docker's data root as a real engine wrote it, against what that engine answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from imgindex.records.keys import content_key, name_key
from imgindex.records.rows import (
    Container,
    ImageLayer,
    Problem,
    Record,
    RepoDigest,
    SourceImage,
    SourceLayer,
    Tag,
)
from imgindex.sources.docker_root.source import DockerRoot
from tests.sources.scans import of, scan
from tests.truth import docker_containers, docker_images, docker_inspect, docker_system_df


@pytest.fixture(scope="module")
def records(docker_host: Path) -> list[Record]:
    return scan(DockerRoot(str(docker_host)))


def test_a_real_engines_images_are_those_it_listed(records: list[Record]) -> None:
    assert [row.kind for row in of(Problem, records) if row.document_key is None] == []
    listed = {row.local_id: row.listed for row in of(SourceImage, records)}
    everything, heads = docker_images(intermediate=True), docker_images()
    assert {image["Id"] for image in everything} == set(listed)
    assert {image["Id"] for image in heads} == {image for image, shown in listed.items() if shown}
    assert len(everything) == 46


def test_a_real_engines_names_are_those_it_printed(records: list[Record]) -> None:
    tags = {(row.repository_key, row.tag, row.target_key) for row in of(Tag, records)}
    digests = {(row.repository_key, row.manifest_key, row.image_key) for row in of(RepoDigest, records)}
    for image in docker_images():
        key = content_key(image["Id"])
        for name in image["RepoTags"] or []:
            if name != "<none>:<none>":
                repository, _, tag = name.rpartition(":")
                tags.remove((name_key(_full(repository)), tag, key))
        for name in image["RepoDigests"] or []:
            repository, _, digest = name.partition("@")
            if repository != "<none>":
                digests.remove((name_key(_full(repository)), content_key(digest), key))
    assert tags == digests == set()


def test_a_real_engines_parents_and_times_are_those_it_told(records: list[Record]) -> None:
    found = {row.local_id: row for row in of(SourceImage, records)}
    inspected = docker_inspect()
    parents = {i: content_key(told["Parent"]) if told["Parent"] else None for i, told in inspected.items()}
    assert parents == {image: found[image].parent_key for image in inspected}
    timed = {i for i, told in inspected.items() if not told["Metadata"]["LastTagTime"].startswith("0001")}
    assert timed == {image for image in inspected if found[image].set_at is not None}


def test_a_real_engines_layer_sizes_add_up_to_what_it_counted(records: list[Record]) -> None:
    bytes_of = {row.chain_key: row.bytes for row in of(SourceLayer, records)}
    assert docker_system_df()["LayersSize"] == sum(size or 0 for size in bytes_of.values())
    stacks: dict[int, list[int]] = {}
    for row in of(ImageLayer, records):
        stacks.setdefault(row.image_key, []).append(row.chain_key)
    for image in docker_system_df()["Images"]:
        chains = stacks.get(content_key(image["Id"]), [])
        assert image["Size"] == sum(bytes_of[chain] or 0 for chain in chains)


def test_a_real_engines_containers_are_those_it_listed(records: list[Record]) -> None:
    found = {row.container_id: row for row in of(Container, records)}
    told = docker_containers()
    assert set(found) == {container["Id"] for container in told}
    for container in told:
        row = found[container["Id"]]
        assert ["/" + (row.name or "")] == container["Names"]
        assert (row.image_ref, row.state) == (container["Image"], container["State"])
        assert row.image_key == content_key(container["ImageID"])
        assert (row.created_at or 0) // 1_000_000 == container["Created"]
        assert row.chain_key is not None


def _full(repository: str) -> str:
    """What docker leaves out of a name that it shows."""
    return repository if repository.partition("/")[0].partition(":")[2] else f"docker.io/{repository}"
