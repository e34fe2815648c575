"""podman's store in the index, against what podman answered: sizes to the byte, names, parents, digests, history."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from imgindex.records.keys import name_key
from imgindex.records.rows import PastTag, Problem, Record, SourceImage
from imgindex.sources.containers_storage.source import ContainersStorage
from imgindex.store.check import check
from imgindex.store.engine import open_engine
from tests.indexes import NewIndex
from tests.recount import attribute
from tests.sources.scans import of, scan
from tests.stores import Database
from tests.truth import podman_history, podman_images, podman_inspect

LIST = "8f8a79174ae1d2b1435be216bde91112e9c59ecb512b8d232c7a9d126e15fc1e"
LIST_DIGEST = "sha256:8419cea8341d15b268d5bb160ddba65ac90a214902c94f050de6d1fa29d5093f"


@pytest.fixture(scope="module")
def db(lasting_index: NewIndex, podman_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Database:
    made = lasting_index(tmp_path_factory.mktemp("podman"))
    made.look(podman_store)
    return made


@pytest.fixture(scope="module")
def records(podman_store: Path) -> list[Record]:
    return scan(ContainersStorage(str(podman_store)))


def listing(store: Path, part: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads((store / f"overlay-{part}" / f"{part}.json").read_bytes())
    return entries


def content_of(image_id: str) -> str:
    """The digest that an image is known by: that of its config, and of a list its own."""
    return LIST_DIGEST if image_id == LIST else f"sha256:{image_id}"


def heads() -> set[str]:
    """What `podman images` lists: what has a name, and what no other image was built on."""
    return {image["Id"] for image in podman_images() if image.get("Names") or image.get("Dangling")}


def test_the_size_of_every_image_is_podmans(db: Database) -> None:
    found = db.rows("""
SELECT o.local_id, o.own_bytes + COALESCE(SUM(l.bytes), 0)
FROM source_images AS o
LEFT JOIN (SELECT DISTINCT image_key, chain_key FROM image_layers) AS il ON il.image_key = o.image_key
LEFT JOIN source_layers AS l ON l.chain_key = il.chain_key AND l.basis = 'uncompressed'
GROUP BY o.local_id, o.own_bytes
""")
    told = {image["Id"]: image["Size"] for image in podman_images()}
    assert 101 == len(told)
    assert told == dict(found)


def test_the_size_of_every_listed_image_is_podmans(db: Database) -> None:
    told = {content_of(image["Id"]): image["Size"] for image in podman_images() if image["Id"] in heads()}
    assert 24 == len(told)
    assert told == dict(db.rows("SELECT image_id, size_bytes FROM image_sizes WHERE basis = 'uncompressed'"))
    assert [("uncompressed",)] == db.rows("SELECT DISTINCT basis FROM image_sizes")


def test_sizes_shared_unique_and_split_are_recounted_from_the_lists(db: Database, podman_store: Path) -> None:
    layers = {layer["id"]: layer for layer in listing(podman_store, "layers")}
    units: dict[str, set[str]] = {}
    sizes: dict[str, int | None] = {name: layer.get("diff-size", 0) for name, layer in layers.items()}
    for image in listing(podman_store, "images"):
        if image["id"] in heads():
            own = f"own {image['id']}"
            sizes[own] = sum(image["big-data-sizes"].values())
            mine = units[content_of(image["id"])] = {own}
            layer = image.get("layer")
            while layer:
                mine.add(layer)
                layer = layers[layer].get("parent")
    found = {
        image: tuple(rest)
        for image, *rest in db.rows(
            "SELECT image_id, size_bytes, shared_bytes, unique_bytes, split_bytes, unknown_layers FROM image_sizes"
        )
    }
    assert attribute(units, sizes) == found


def test_what_is_stored_is_all_layers_and_all_big_data(db: Database, podman_store: Path) -> None:
    layers = sum(layer.get("diff-size", 0) for layer in listing(podman_store, "layers"))
    files = [path for path in (podman_store / "overlay-images").glob("*/*") if path.is_file()]
    stored = layers + sum(path.stat().st_size for path in files)
    rows = db.rows(
        "SELECT basis, stored_bytes, distinct_bytes + untagged_bytes, orphan_bytes FROM source_sizes ORDER BY 1"
    )
    assert [("total", stored, stored, 0), ("uncompressed", stored, stored, 0)] == rows


def test_layers_are_counted_without_what_is_kept_beside_them(db: Database, podman_store: Path) -> None:
    below = {layer["id"]: layer.get("parent") for layer in listing(podman_store, "layers")}
    used = set()
    for image in listing(podman_store, "images"):
        layer = image.get("layer") if image["id"] in heads() else None
        while layer:
            used.add(layer)
            layer = below[layer]
    assert [(24, len(used))] == db.rows(
        "SELECT image_count, layer_count FROM source_sizes WHERE basis = 'uncompressed'"
    )


def test_images_are_those_of_podman_and_those_it_lists_are_listed(db: Database) -> None:
    told = {content_of(image["Id"]): image["Id"] in heads() for image in podman_images()}
    assert told == dict(db.rows("SELECT image_id, listed FROM image_summary"))


def test_names_are_podmans(db: Database) -> None:
    told = {
        (*name.rsplit(":", 1), content_of(image["Id"]), "manifest" if image["Id"] == LIST else "image")
        for image in podman_images()
        for name in image.get("Names") or []
    }
    assert 26 == len(told)
    assert told == set(db.rows("SELECT repository, tag, target_digest, target_kind FROM current_tags"))


def test_past_names_are_podmans(records: list[Record]) -> None:
    told = {(*name.rsplit(":", 1), image["Id"]) for image in podman_images() for name in image.get("History") or []}
    images = {row.image_key: row.local_id for row in of(SourceImage, records)}
    repositories = {name_key(repository): repository for repository, _, _ in told}
    found = sorted((repositories[row.repository_key], row.tag, images[row.target_key]) for row in of(PastTag, records))
    assert 111 == len(told)
    assert sorted(told) == found
    assert {None} == {row.set_at for row in of(PastTag, records)}
    moved = {image for repository, tag, image in told if (repository, tag) == ("localhost/lab/web", "latest")}
    assert 3 == len(moved)


def test_parents_are_podmans(db: Database) -> None:
    told = {image["Id"]: image["ParentId"] or None for image in podman_images()}
    assert 91 == sum(parent is not None for parent in told.values())
    assert told == {image_id: inspected["Parent"] or None for image_id, inspected in podman_inspect().items()} | {
        LIST: None
    }
    assert told == dict(
        db.rows(
            "SELECT o.local_id, p.local_id FROM source_images AS o "
            "LEFT JOIN source_images AS p ON p.image_key = o.parent_key"
        )
    )


def test_digests_are_podmans(db: Database) -> None:
    told = {
        (*name.split("@"), content_of(image["Id"])) for image in podman_images() for name in image["RepoDigests"]
    } | {(None, image["Digest"], content_of(image["Id"])) for image in podman_images() if not image.get("Names")}
    assert 102 == len(told)
    found = set(
        db.rows(
            "SELECT r.name, m.digest, i.digest FROM repo_digests AS d "
            "JOIN repositories AS r ON r.repository_key = d.repository_key "
            "JOIN blobs AS m ON m.blob_key = d.manifest_key JOIN blobs AS i ON i.blob_key = d.image_key"
        )
    )
    assert told == found
    noted = {(image["Digest"], content_of(image["Id"])) for image in podman_images()}
    assert noted <= {(digest, image) for _, digest, image in found}


def test_layers_platform_and_history_are_podmans(db: Database) -> None:
    layers: dict[str, list[str]] = {}
    for image_id, diff_id in db.rows("SELECT image_id, diff_id FROM image_layer_detail ORDER BY image_id, position"):
        layers.setdefault(image_id, []).append(diff_id)
    history: dict[str, list[tuple[Any, ...]]] = {}
    for image_id, *entry in db.rows(
        "SELECT image_id, created_by, comment, empty_layer FROM image_history_detail ORDER BY image_id, position"
    ):
        history.setdefault(image_id, []).append(tuple(entry))
    platforms = {image: rest for image, *rest in db.rows("SELECT image_id, os, architecture FROM image_summary")}
    inspected = podman_inspect()
    assert 100 == len(inspected)
    for image_id, told in inspected.items():
        image = content_of(image_id)
        assert told["RootFS"]["Layers"] == layers[image]
        assert [told["Os"], told["Architecture"]] == platforms[image]
        assert [
            (entry.get("created_by"), entry.get("comment"), entry.get("empty_layer", False))
            for entry in told["History"]
        ] == history[image]


def test_the_bytes_of_each_step_are_those_of_podman_history(db: Database) -> None:
    found: dict[str, list[tuple[Any, ...]]] = {}
    for image_id, created_by, size in db.rows("""
SELECT h.image_id, h.created_by, COALESCE(u.size_bytes, 0)
FROM image_history_detail AS h
LEFT JOIN layer_usage AS u ON u.chain_id = h.chain_id
ORDER BY h.image_id, h.position DESC
"""):
        found.setdefault(image_id, []).append((created_by, size))
    told = {content_of(image): steps for image, steps in podman_history().items() if image != LIST}
    assert {image: [(step.get("CreatedBy"), step["size"]) for step in steps] for image, steps in told.items()} == found


def test_a_list_stands_for_the_images_of_its_platforms(db: Database) -> None:
    rows = db.rows(
        "SELECT platform, missing FROM tag_images WHERE repository = 'localhost/lab/multi' ORDER BY position"
    )
    assert [("linux/amd64", False), ("linux/arm64", False), ("linux/arm/v7", False), ("linux/s390x", False)] == rows
    assert [("localhost/lab/multi:1",)] == db.rows(f"SELECT names FROM image_summary WHERE image_id = '{LIST_DIGEST}'")


def test_nothing_is_wrong_with_it(db: Database, records: list[Record]) -> None:
    assert [] == of(Problem, records)
    assert [] == db.problems()
    engine = open_engine(str(db.path), read_only=True)
    try:
        assert [] == check(engine)
    finally:
        engine.dispose()


def test_another_look_changes_nothing(db: Database, podman_store: Path, tmp_path: Path) -> None:
    again = db.copy(tmp_path / "again.duckdb")
    before = again.dump(["source_images", "source_layers", "source_blobs", "tags", "repo_digests"])
    again.look(podman_store)
    assert before == again.dump(before)
    assert [] == before["source_blobs"]
